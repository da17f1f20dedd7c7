/**
 * The queue function: {@link io.logcourier.worker.WorkerHandler} takes a batch of messages, and for each a
 * {@link io.logcourier.worker.Delivery} looks its orders up, has ClickHouse render the rows, cuts them into objects,
 * checks rows and checksum, writes the objects, and commits the offsets.
 */
package io.logcourier.worker;
