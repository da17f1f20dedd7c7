/**
 * Rows as others write them: which fields there are, which times, and what a line holds. Pure: nothing here asks ClickHouse.
 */
package io.logcourier.operations.input;
