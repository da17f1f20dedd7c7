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
    private int written;
    private Consumer<String> fault = call -> {};

    /** {@code check} sees every call before it takes effect and may throw. */
    synchronized void failing(Consumer<String> check) {
        fault = check;
    }

    /** How often an object appeared. */
    synchronized int written() {
        return written;
    }

    /** Puts an object there, as others do. */
    synchronized void place(Target target, Label data, byte[] bytes) {
        labels.put(target, data);
        objects.put(target, bytes.clone());
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
    public synchronized boolean put(Target target, Label data, Part body, Terms terms) {
        called("put");
        return appear(target, data, bytes(body), terms);
    }

    private synchronized boolean appear(Target target, Label data, byte[] bytes, Terms terms) {
        if (!terms.replaces() && objects.containsKey(target)) {
            return false;
        }
        labels.put(target, data);
        objects.put(target, bytes);
        written++;
        return true;
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
            public boolean complete(Terms terms) {
                called("complete");
                ByteBuffer whole = ByteBuffer.allocate(
                        parts.values().stream().mapToInt(part -> part.length).sum());
                parts.values().forEach(whole::put);
                return appear(target, data, whole.array(), terms);
            }

            @Override
            public void abort() {
                called("abort");
                parts.clear();
            }
        };
    }

    @Override
    public synchronized Optional<Found> find(Target target, Rendering rendering, Compression compression) {
        called("find");
        return Optional.ofNullable(objects.get(target)).map(bytes -> {
            Optional<Contents> contents;
            try {
                contents = Optional.of(Contents.of(new ByteArrayInputStream(bytes), rendering, compression));
            } catch (IOException e) {
                contents = Optional.empty();
            }
            return new Found(contents, labels.get(target).metadata());
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
