package io.logcourier.worker;

/**
 * How a message is tried this time.
 *
 * @param isLate whether orders are tried apart where ClickHouse refuses them together: that costs a statement each, and what
 *     fails the first time is most often the same for all
 * @param deadline after which nothing may be written
 */
record Attempt(boolean isLate, Deadline deadline) {}
