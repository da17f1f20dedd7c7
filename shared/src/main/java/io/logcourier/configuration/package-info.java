/**
 * Settings: {@link io.logcourier.configuration.Setting} is the table of all of them,
 * {@link io.logcourier.configuration.Settings} reads them once from flags, environment, file and defaults, and hands
 * out one immutable type per concern.
 */
package io.logcourier.configuration;
