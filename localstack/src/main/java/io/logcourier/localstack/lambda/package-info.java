/**
 * What surrounds a function on AWS, as far as log-courier's functions can tell: the context of an invocation, and the
 * schedule that starts one function again and again.
 */
package io.logcourier.localstack.lambda;
