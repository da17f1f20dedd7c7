package io.logcourier.operations;

import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/** Counts things, and keeps the first so many by their place: there may be more than memory holds. Thread-safe. */
final class FirstOf<K, V> {
    private static final int KEPT = 10_000;

    private final TreeMap<K, V> first;
    private final int kept;
    private long count;

    FirstOf(Comparator<? super K> order) {
        this(order, KEPT);
    }

    FirstOf(Comparator<? super K> order, int kept) {
        first = new TreeMap<>(order);
        this.kept = kept;
    }

    /** Adds a thing. Two at one place are counted, and the later one is kept. */
    synchronized void add(K place, V thing) {
        count++;
        first.put(place, thing);
        if (first.size() > kept) {
            first.pollLastEntry();
        }
    }

    /** How many were added. */
    synchronized long count() {
        return count;
    }

    /** The first of them, in order. */
    synchronized List<V> first() {
        return List.copyOf(first.values());
    }
}
