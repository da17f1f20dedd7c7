/**
 * The ledger: an append-only log of epochs, and what is derived from it.
 *
 * <p>{@link io.logcourier.ledger.Epoch} is a row of the log, appended by compare-and-set on its number;
 * {@link io.logcourier.ledger.Arrivals} and {@link io.logcourier.ledger.WorkOrder} follow from it,
 * {@link io.logcourier.ledger.Offset} records how an order ended. {@link io.logcourier.ledger.Ledger} holds every
 * statement on these tables; the tables themselves stand in {@code io/logcourier/schema}.
 */
package io.logcourier.ledger;
