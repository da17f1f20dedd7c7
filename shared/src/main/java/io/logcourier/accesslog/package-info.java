/**
 * All that is particular to S3 access logs: the log table, its groups, the identity of a row, and how rows become log
 * lines. The planner and the delivery know none of it.
 */
package io.logcourier.accesslog;
