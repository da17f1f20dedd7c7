package io.logcourier.worker;

import io.logcourier.RetryableException;
import io.logcourier.worker.ObjectStore.Target;
import io.logcourier.worker.ObjectStore.Upload;
import java.nio.ByteBuffer;
import java.util.Arrays;
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
    private static final int FIRST_BYTES = 16 * 1024;

    private final ObjectStore store;
    private final Target target;
    private final int partSize;
    private final Executor background;
    private final CRC32C crc = new CRC32C();
    private byte[] part = new byte[FIRST_BYTES];
    private int filled;
    private long bytes;
    private Upload upload;
    private int parts;
    private CompletableFuture<Void> underway = CompletableFuture.completedFuture(null);
    private ByteBuffer last;
    private boolean completed;

    LogObject(ObjectStore store, Target target, int partSize, Executor background) {
        this.store = store;
        this.target = target;
        this.partSize = partSize;
        this.background = background;
    }

    /** Appends bytes; may wait for a part to go out. */
    void write(byte[] source, int offset, int length) {
        int from = offset;
        int left = length;
        while (left > 0) {
            if (filled == partSize) {
                send(takePart());
                part = new byte[partSize];
                filled = 0;
            }
            int count = Math.min(left, partSize - filled);
            if (filled + count > part.length) {
                part = Arrays.copyOf(part, (int) Math.min(partSize, Math.max(part.length * 2L, filled + (long) count)));
            }
            System.arraycopy(source, from, part, filled, count);
            filled += count;
            from += count;
            left -= count;
        }
    }

    private void send(ByteBuffer body) {
        await();
        if (upload == null) {
            upload = store.begin(target);
        }
        int number = ++parts;
        underway = CompletableFuture.runAsync(() -> upload.part(number, body), background);
    }

    private ByteBuffer takePart() {
        crc.update(part, 0, filled);
        bytes += filled;
        return ByteBuffer.wrap(part, 0, filled);
    }

    /** Ends the object, which is not visible yet: {@link #bytes} and {@link #crc32c} are those of the whole. */
    void seal() {
        last = takePart();
    }

    /** Makes the sealed object visible. */
    void complete() {
        if (upload == null) {
            store.put(target, last);
        } else {
            send(last);
            await();
            upload.complete();
        }
        completed = true;
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

    /** Throws away what was not completed. */
    @Override
    public void close() {
        if (completed || upload == null) {
            return;
        }
        underway.handle((done, failure) -> null).join();
        upload.abort();
    }
}
