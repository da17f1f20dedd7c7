package io.logcourier.worker;

import io.logcourier.RetryableException;
import io.logcourier.ledger.Compression;
import io.logcourier.worker.ObjectStore.Label;
import io.logcourier.worker.ObjectStore.Target;
import io.logcourier.worker.ObjectStore.Terms;
import io.logcourier.worker.ObjectStore.Upload;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.zip.CRC32C;

/**
 * An object being written. At most two parts are in memory: one filling, one on its way. An object of one part goes out
 * in a single request when it is {@linkplain #complete completed}; what is never completed never appears. For one thread
 * at a time.
 */
final class LogObject implements AutoCloseable {
    private final ObjectStore store;
    private final Target target;
    private final Label label;
    private final int partSize;
    private final Executor background;
    private final CRC32C crc = new CRC32C();
    private final OutputStream lines;
    private Part part = new Part(crc);
    private long bytes;
    private Upload upload;
    private int parts;
    private CompletableFuture<Void> underway = CompletableFuture.completedFuture(null);
    private boolean completed;

    LogObject(
            ObjectStore store, Target target, Label label, Compression compression, int partSize, Executor background) {
        this.store = store;
        this.target = target;
        this.label = label;
        this.partSize = partSize;
        this.background = background;
        lines = compressed(compression);
    }

    private OutputStream compressed(Compression compression) {
        try {
            return compression.compress(new OutputStream() {
                @Override
                public void write(int b) {
                    append(new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] source, int offset, int length) {
                    append(source, offset, length);
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes every byte", e);
        }
    }

    /**
     * Writes lines, or a part of one; may wait for a part of the object to go out.
     *
     * @throws TargetRefusedException if its target refuses the upload or a part of it
     * @throws RetryableException if a part cannot be written
     */
    void write(byte[] source, int offset, int length) {
        try {
            lines.write(source, offset, length);
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes every byte", e);
        }
    }

    private void append(byte[] source, int offset, int length) {
        int from = offset;
        int left = length;
        while (left > 0) {
            if (part.length() == partSize) {
                part.end();
                send();
                part = new Part(crc);
            }
            int count = Math.min(left, partSize - part.length());
            part.write(source, from, count);
            from += count;
            left -= count;
        }
        bytes += length;
    }

    private void send() {
        await();
        if (upload == null) {
            upload = store.begin(target, label);
        }
        int number = ++parts;
        Part body = part;
        underway = CompletableFuture.runAsync(
                () -> {
                    try {
                        upload.part(number, body);
                    } finally {
                        body.letGo();
                    }
                },
                background);
    }

    /**
     * Ends the object, which is not visible yet: {@link #bytes} and {@link #crc32c} are those of the whole. Fails as {@link
     * #write} does.
     */
    void seal() {
        try {
            lines.close();
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes every byte", e);
        }
        part.end();
    }

    /**
     * Makes the sealed object visible.
     *
     * @return whether it did; not where something is there that is not to be replaced
     * @throws TargetRefusedException if its target refuses it
     * @throws RetryableException if it cannot be written, or no longer may be; it may be visible all the same
     */
    boolean complete(Terms terms) {
        if (upload == null) {
            terms.deadline().check(target);
            completed = store.put(target, label, part, terms);
        } else {
            send();
            await();
            terms.deadline().check(target);
            completed = upload.complete(terms);
        }
        return completed;
    }

    private void await() {
        try {
            underway.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case TargetRefusedException refused -> throw refused;
                case RetryableException failed -> throw failed;
                default -> throw new RetryableException("cannot write " + target + ": " + e.getCause(), e.getCause());
            }
        }
    }

    /** Bytes of the sealed object. */
    long bytes() {
        return bytes;
    }

    /** CRC32C of the bytes of the sealed object. */
    long crc32c() {
        return crc.getValue();
    }

    /**
     * Lets its memory go, and throws away what was not completed.
     *
     * @throws TargetRefusedException if its target refuses that; parts of it stay behind then
     * @throws RetryableException if that fails; parts of it stay behind then
     */
    @Override
    public void close() {
        underway.handle((done, failure) -> null).join();
        part.letGo();
        if (!completed && upload != null) {
            upload.abort();
        }
    }
}
