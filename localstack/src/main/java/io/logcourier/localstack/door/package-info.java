/**
 * The doors of the laptop's ports: who may come in, with which keys, and who may read what lies in the data folder. Web
 * pages that the user looks at reach loopback ports, too, and so does every other user of the machine.
 */
package io.logcourier.localstack.door;
