/**
 * Commands for an installation, against any ClickHouse, S3 and SQS that the settings name: the audit, and loading rows
 * as a log shipper does. None of it needs the laptop stack.
 */
package io.logcourier.operations;
