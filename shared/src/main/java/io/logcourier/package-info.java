/**
 * What can go wrong, in three kinds: {@link io.logcourier.ConfigurationException} (fails at start, names every problem),
 * {@link io.logcourier.PoisonMessageException} (no retry will ever help) and {@link io.logcourier.RetryableException}
 * (the next attempt may succeed).
 */
package io.logcourier;
