/**
 * The one way to a ClickHouse server: {@link io.logcourier.clickhouse.ClickHouse}, a port of two methods, and
 * {@link io.logcourier.clickhouse.Statement}, SQL text with typed parameters. Values never become SQL text.
 */
package io.logcourier.clickhouse;
