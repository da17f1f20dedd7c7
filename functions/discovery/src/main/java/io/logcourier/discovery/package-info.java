/**
 * The scheduled function: {@link io.logcourier.discovery.DiscoveryHandler} decodes a tick and runs a
 * {@link io.logcourier.discovery.Planner}, which claims new blocks, decides what is due, and enqueues work orders.
 */
package io.logcourier.discovery;
