package io.logcourier.worker;

import io.logcourier.accesslog.Contents;
import io.logcourier.accesslog.Rendering;
import io.logcourier.ledger.Compression;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/** An {@link ObjectStore} in memory that writes down what is asked of it, and fails where a test says so. */
final class MemoryStore implements ObjectStore {
    private final Map<Target, byte[]> objects = new HashMap<>();
    private final Map<Target, Label> labels = new HashMap<>();
    private final List<String> calls = new ArrayList<>();
    private Consumer<String> fault = call -> {};

    /** {@code check} sees every call before it takes effect and may throw. */
    synchronized void failing(Consumer<String> check) {
        fault = check;
    }

    /** The bytes of an object, or null where none is visible. */
    synchronized byte[] object(Target target) {
        byte[] bytes = objects.get(target);
        return bytes == null ? null : bytes.clone();
    }

    /** What an object says of itself, or null where none is visible. */
    synchronized Label label(Target target) {
        return labels.get(target);
    }

    /** What was asked, in order: put, begin, part 1, complete, abort. */
    synchronized List<String> calls() {
        return List.copyOf(calls);
    }

    private synchronized void called(String call) {
        calls.add(call);
        fault.accept(call);
    }

    @Override
    public synchronized void put(Target target, Label data, Part body) {
        called("put");
        labels.put(target, data);
        objects.put(target, bytes(body));
    }

    @Override
    public void abandon(Target target) {
        called("abandon");
    }

    @Override
    public Upload begin(Target target, Label data) {
        called("begin");
        NavigableMap<Integer, byte[]> parts = new TreeMap<>();
        return new Upload() {
            @Override
            public void part(int number, Part body) {
                called("part " + number);
                parts.put(number, bytes(body));
            }

            @Override
            public void complete() {
                called("complete");
                ByteBuffer whole = ByteBuffer.allocate(
                        parts.values().stream().mapToInt(part -> part.length).sum());
                parts.values().forEach(whole::put);
                synchronized (MemoryStore.this) {
                    objects.put(target, whole.array());
                    labels.put(target, data);
                }
            }

            @Override
            public void abort() {
                called("abort");
                parts.clear();
            }
        };
    }

    @Override
    public synchronized Optional<Contents> find(Target target, Rendering rendering, Compression compression) {
        called("find");
        return Optional.ofNullable(objects.get(target)).map(bytes -> {
            try {
                return Contents.of(new ByteArrayInputStream(bytes), rendering, compression);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Override
    public void close() {}

    private static byte[] bytes(Part body) {
        try (InputStream bytes = body.open()) {
            return bytes.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
