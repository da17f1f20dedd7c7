/**
 * The command line: {@link io.logcourier.localstack.cli.Main} with the commands of the laptop stack, and those of
 * {@link io.logcourier.operations} beside them.
 */
package io.logcourier.localstack.cli;
