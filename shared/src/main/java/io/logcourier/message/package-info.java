/**
 * What travels: {@link io.logcourier.message.Tick}, the payload of the schedule, and
 * {@link io.logcourier.message.Message}, the body of a message in the order queue. JSON, checked on arrival.
 */
package io.logcourier.message;
