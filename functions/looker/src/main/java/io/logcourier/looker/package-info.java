/**
 * Looker: writes entries, waits, reads them back, compares every one, and says exactly what is wrong. {@code Looker} runs
 * the cycles and knows neither S3 nor ClickHouse: a {@code Store} writes fragments and shows what is visible.
 * {@code Content} makes every entry from the run's id and seed, so nothing is kept of an entry but one bit.
 */
package io.logcourier.looker;
