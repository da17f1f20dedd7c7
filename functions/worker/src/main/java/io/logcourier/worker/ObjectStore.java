package io.logcourier.worker;

import io.logcourier.accesslog.Contents;
import io.logcourier.accesslog.Rendering;
import io.logcourier.ledger.Compression;
import java.util.Map;
import java.util.Optional;

/**
 * Where log objects are written. Thread-safe. An object appears whole or not at all.
 * All methods throw {@link TargetRefusedException} where no retry will help until someone mends the target, and
 * {@link io.logcourier.RetryableException} for everything else.
 */
interface ObjectStore extends AutoCloseable {
    /**
     * Writes an object in one request.
     *
     * @return whether it did; not where something is there that is not to be replaced
     */
    boolean put(Target target, Label label, Part body, Terms terms);

    /** Begins an object that is written in parts. */
    Upload begin(Target target, Label label);

    /** Reads an object, if it is there, for what it holds. */
    Optional<Found> find(Target target, Rendering rendering, Compression compression);

    /** Throws away what attempts at an object that nobody will complete any more have left unfinished. */
    void abandon(Target target);

    @Override
    void close();

    /**
     * What an object says of itself.
     *
     * @param contentType its Content-Type
     * @param metadata for users
     */
    record Label(String contentType, Map<String, String> metadata) {}

    /**
     * How an object may appear.
     *
     * @param replaces whether it takes the place of what is there; else the key must be free. A store that does not know
     *     conditions replaces all the same
     * @param deadline after which it must not appear
     */
    record Terms(boolean replaces, Deadline deadline) {}

    /**
     * What is there.
     *
     * @param contents what it holds; empty where it is no whole file of the kind that was looked for
     * @param metadata what it says of itself
     */
    record Found(Optional<Contents> contents, Map<String, String> metadata) {}

    /** Where an object goes. */
    record Target(String bucket, String key) {
        @Override
        public String toString() {
            return bucket + "/" + key;
        }
    }

    /** An object in parts. Nothing is visible before {@link #complete}. */
    interface Upload {
        /** Writes part {@code number}, counted from 1. */
        void part(int number, Part body);

        /**
         * Makes the object of all its parts, and throws away what other attempts at it have left.
         *
         * @return whether it did; not where something is there that is not to be replaced
         */
        boolean complete(Terms terms);

        /** Throws the parts away. */
        void abort();
    }
}
