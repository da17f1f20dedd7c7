package io.logcourier.looker;

import io.logcourier.ConfigurationException;
import io.logcourier.RetryableException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/** Where entries go and come back from. Thread-safe. */
public interface Store {
    /** What became of a push. */
    enum Outcome {
        /** All of it is stored. */
        ACCEPTED,
        /** Nothing of it is stored or ever will be; it may be sent again. */
        REFUSED,
        /** All of it is stored, or nothing is: only reading can tell. It must not be sent again. */
        UNKNOWN
    }

    /**
     * The answer to a push.
     *
     * @param reason why it was not accepted
     */
    record Answer(Outcome outcome, String reason) {
        /** It was. */
        public static final Answer ACCEPTED = new Answer(Outcome.ACCEPTED, "");
    }

    /**
     * Writes entries of one stream, as one INSERT.
     *
     * @param lines the entries, each with its line feed
     * @param offset where they begin
     * @param length their bytes
     * @throws ConfigurationException if the store cannot work as it is
     */
    Answer write(LogStream stream, byte[] lines, int offset, int length);

    /**
     * Shows everything that is visible of some streams, object by object, several at once.
     *
     * @param all whether these are all streams of the run: then what lies beside them is shown too
     * @throws RetryableException if that could not be done; what was shown until then counts
     */
    void read(Run run, List<LogStream> streams, boolean all, Reader reader);

    /** Who reads. Thread-safe. */
    interface Reader {
        /** Whether an object is wanted. */
        boolean wants(Located object);

        /**
         * Takes an object.
         *
         * @param object where it is
         * @param lines its lines, decompressed; failures to fetch them are {@link RetryableException}, failures to
         *     decompress them are {@link IOException}
         */
        void object(Located object, InputStream lines);
    }

    /**
     * An object.
     *
     * @param place for people
     * @param version what shows that it may hold something else than before: then it is read again and compared
     * @param stream whose place this is; empty where it is nobody's
     * @param visibleMillis since when it is visible, since 1970
     * @param bytes of it, as it is stored
     */
    record Located(String place, String version, Optional<LogStream> stream, long visibleMillis, long bytes) {}
}
