/** Holds template.yaml, the sample events and the functions' zips to what Lambda and the code expect of them. */
package io.logcourier.localstack.deployment;
