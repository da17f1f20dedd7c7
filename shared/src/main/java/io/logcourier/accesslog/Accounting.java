package io.logcourier.accesslog;

import io.logcourier.accesslog.AccessLogTable.Part;
import io.logcourier.ledger.AccountedPart;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.BlockRanges;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Holds the parts of the log table against what earlier epochs knew of them: which blocks are new, and which rows are not as
 * they should be. Block numbers say which rows are claimed, so rows that come in under a claimed number would never be
 * delivered, and rows that come back under a new number would be delivered twice. Both are leftAlone, and are left alone. Pure.
 *
 * <p>Parts that cover the same numbers belong together: a merge replaced one by the other, or a replica has merged otherwise.
 * What they hold of claimed blocks can only become less, by DELETE or TTL.
 *
 * @param claims blocks that are new, to be claimed now
 * @param claimedRows rows that were counted in them
 * @param unclaimedRows rows that were counted in all new blocks, those that are left for later included
 * @param parts what is known of the parts once {@code claims} are claimed
 * @param leftAlone rows that are not as they should be
 * @param recounted rows that were counted although no block of theirs is new
 * @param mayBeMore whether parts were left uncounted
 */
public record Accounting(
        List<BlockRange> claims,
        long claimedRows,
        long unclaimedRows,
        List<AccountedPart> parts,
        List<LeftAlone> leftAlone,
        long recounted,
        boolean mayBeMore) {
    /** Rows without new blocks that are counted in one step at most: about a second. */
    private static final long RECOUNTED_ROWS = 200_000_000;

    /** Parts that went away and are remembered, at most. */
    private static final int GONE_PARTS = 10_000;

    /** Rows that are not as they should be; {@code courier repair} mends that. */
    public sealed interface LeftAlone {
        /** What was found and what to do, for people. */
        String text();

        /** How many rows are concerned. */
        long rows();

        /** Names of the parts that hold them. */
        List<String> parts();
    }

    /** Rows that lie under block numbers which were claimed for other rows. */
    public record Reused(String partition, List<String> parts, long rows, long claimed) implements LeftAlone {
        @Override
        public String text() {
            return "partition %s: %s %,d rows under block numbers that were claimed with %s rows: they are in no order (RESTORE, ATTACH, MOVE or REPLACE PARTITION, a lost part, or numbers that were switched off); stop the schedule and the workers, then run `courier repair`"
                    .formatted(
                            partition,
                            parts.size() == 1
                                    ? "part " + parts.getFirst() + " holds"
                                    : "parts " + String.join(", ", parts) + " hold",
                            rows,
                            claimed == rows ? "as many other" : "%,d".formatted(claimed));
        }
    }

    /** Rows of a part that went away, or from its time, under new block numbers. */
    public record Returned(String partition, String part, long rows) implements LeftAlone {
        @Override
        public List<String> parts() {
            return List.of(part);
        }

        @Override
        public String text() {
            return "partition %s: part %s holds %,d rows under new block numbers from before a part of it went away: they may be delivered already (DETACH and ATTACH, RESTORE); stop the schedule and the workers, then run `courier repair`"
                    .formatted(partition, part, rows);
        }
    }

    /**
     * What was counted in a part.
     *
     * @param claimed rows in claimed blocks: by block, or together as if they were of one
     * @param isByBlock whether it is by block
     * @param blocks all others, by number
     */
    public record Counted(List<Block> claimed, boolean isByBlock, List<Block> blocks) {
        /** A part without rows, or whose rows are all deleted. */
        public static final Counted NOTHING = new Counted(List.of(), true, List.of());

        /** Rows in claimed blocks. */
        public long rows() {
            return claimed.stream().mapToLong(Block::rows).sum();
        }

        /** Their mark. */
        public long mark() {
            return claimed.stream().mapToLong(Block::mark).sum();
        }

        /** Rows in blocks that are not claimed. */
        public long unclaimed() {
            return blocks.stream().mapToLong(Block::rows).sum();
        }
    }

    /**
     * Rows of a block.
     *
     * @param mark sum of hashes over them
     * @param oldest when the first of them was inserted, in seconds since 1970
     * @param newest when the last was
     */
    public record Block(long number, long rows, long mark, long oldest, long newest) {}

    /**
     * What was known before.
     *
     * @param isKnown whether anything was; if not, what is found is taken as it is
     * @param parts as {@link Accounting#parts} has them
     * @param frontier the blocks that are claimed
     */
    public record Before(boolean isKnown, List<AccountedPart> parts, List<BlockRange> frontier) {}

    /** Parts that belong together, and what was known of them. */
    private record Component(List<Part> parts, List<AccountedPart> known) {
        String partition() {
            return parts.isEmpty()
                    ? known.getFirst().partition()
                    : parts.getFirst().partition();
        }

        /** Rows that are new, going by what was known. */
        long newRows() {
            return Math.max(
                    0, rows() - known.stream().mapToLong(AccountedPart::rows).sum());
        }

        long rows() {
            return parts.stream().mapToLong(Part::rows).sum();
        }

        boolean hasNew(List<BlockRange> frontier) {
            return parts.stream().anyMatch(part -> !BlockRanges.subtract(part.blocks(), frontier)
                    .isEmpty());
        }

        /** Whether what is new in it became visible too late for this tick. */
        boolean isLate(List<BlockRange> frontier, Map<String, Long> visible) {
            return hasNew(frontier)
                    && parts.stream().allMatch(part -> through(
                                    visible.getOrDefault(part.partition(), Long.MIN_VALUE),
                                    BlockRanges.subtract(part.blocks(), frontier))
                            .isEmpty());
        }

        boolean has(Set<String> names) {
            return parts.stream().anyMatch(part -> names.contains(part.name()));
        }
    }

    /**
     * The parts that must be counted: those that are not known to be claimed as a whole. Oldest first, whole components, about
     * {@code rowLimit} new rows of them.
     *
     * @param visible the highest block of each partition that may be claimed now
     * @param leftAlone names of parts that were left alone before: they are counted beside the others
     */
    public static List<Part> toCount(
            Before before, List<Part> parts, Map<String, Long> visible, long rowLimit, Set<String> leftAlone) {
        List<Part> chosen = new ArrayList<>();
        long room = rowLimit;
        long recounting = RECOUNTED_ROWS;
        for (Component component : components(before, parts)) {
            if (component.isLate(before.frontier(), visible)) {
                continue;
            }
            if (component.has(leftAlone)) {
                chosen.addAll(component.parts());
            } else if (component.hasNew(before.frontier())) {
                if (room > 0) {
                    chosen.addAll(component.parts());
                    room -= Math.max(1, component.newRows());
                }
            } else if (recounting > 0) {
                chosen.addAll(component.parts());
                recounting -= Math.max(1, component.rows());
            }
        }
        return chosen;
    }

    /**
     * Of the parts that were counted those of which claimed rows went: which of them are left is to be counted by block.
     *
     * @param counted by name of the part
     */
    public static List<Part> toCountByBlock(Before before, List<Part> parts, Map<String, Counted> counted) {
        return components(before, parts).stream()
                .filter(component -> before.isKnown()
                        && component.parts().stream().allMatch(part -> counted.containsKey(part.name()))
                        && component.parts().stream()
                                        .mapToLong(
                                                part -> counted.get(part.name()).rows())
                                        .sum()
                                < component.known().stream()
                                        .mapToLong(AccountedPart::rows)
                                        .sum())
                .flatMap(component -> component.parts().stream())
                .toList();
    }

    /**
     * Decides.
     *
     * @param parts the active parts, oldest partition first
     * @param counted by name of the part; those that were not counted are left for later
     * @param visible the highest block of each partition that may be claimed now
     * @param rowLimit rows that are claimed, up to one block more
     * @param now seconds since 1970, by ClickHouse's clock
     * @param forgetAfter seconds after which a part that went away is forgotten; not before its rows would have expired
     */
    public static Accounting of(
            Before before,
            List<Part> parts,
            Map<String, Counted> counted,
            Map<String, Long> visible,
            long rowLimit,
            long now,
            long forgetAfter) {
        return new Decision(before, counted, visible, rowLimit, now, forgetAfter).decide(parts);
    }

    private record Identity(String partition, long low, long high, long id) {}

    private static Identity identity(Part part) {
        return new Identity(part.partition(), part.low(), part.high(), part.id());
    }

    private static Identity identity(AccountedPart part) {
        return new Identity(part.partition(), part.low(), part.high(), part.id());
    }

    /** What is known of parts that are still as they were needs no question. */
    private static List<AccountedPart> unchanged(Before before, List<Part> parts) {
        Set<Identity> active = parts.stream().map(Accounting::identity).collect(Collectors.toSet());
        return before.parts().stream()
                .filter(part -> part.whole() && !part.gone() && active.contains(identity(part)))
                .toList();
    }

    /** All other parts, joined where they cover the same numbers, sorted by partition and number. */
    private static List<Component> components(Before before, List<Part> parts) {
        record Item(String partition, long low, long high, Part part, AccountedPart known) {}
        Set<Identity> unchanged =
                unchanged(before, parts).stream().map(Accounting::identity).collect(Collectors.toSet());
        List<Item> items = Stream.concat(
                        parts.stream()
                                .filter(part -> !unchanged.contains(identity(part)))
                                .map(part -> new Item(part.partition(), part.low(), part.high(), part, null)),
                        before.parts().stream()
                                .filter(part -> !part.gone() && !unchanged.contains(identity(part)))
                                .map(part -> new Item(part.partition(), part.low(), part.high(), null, part)))
                .sorted(Comparator.comparing(Item::partition).thenComparingLong(Item::low))
                .toList();
        List<Component> components = new ArrayList<>();
        Item last = null;
        long high = 0;
        for (Item item : items) {
            if (last == null || !last.partition().equals(item.partition()) || item.low() > high) {
                components.add(new Component(new ArrayList<>(), new ArrayList<>()));
                high = item.high();
            }
            if (item.part() != null) {
                components.getLast().parts().add(item.part());
            } else {
                components.getLast().known().add(item.known());
            }
            high = Math.max(high, item.high());
            last = item;
        }
        return components;
    }

    /** One look at all components, in order. */
    private static final class Decision {
        private final Before before;
        private final Map<String, Counted> counted;
        private final Map<String, Long> visible;
        private final long now;
        private final long forgetAfter;
        private final List<BlockRange> claims = new ArrayList<>();
        private final List<BlockRange> empty = new ArrayList<>();
        private final List<AccountedPart> accounted = new ArrayList<>();
        private final List<AccountedPart> gone;
        private final List<AccountedPart> suspects = new ArrayList<>();
        private final List<Component> sound = new ArrayList<>();
        private final Set<BlockRange> untaken = new HashSet<>();
        private final List<LeftAlone> leftAlone = new ArrayList<>();
        private long room;
        private boolean isFull;
        private long claimedRows;
        private long unclaimedRows;
        private long recounted;
        private boolean mayBeMore;

        Decision(
                Before before,
                Map<String, Counted> counted,
                Map<String, Long> visible,
                long rowLimit,
                long now,
                long forgetAfter) {
            this.before = before;
            this.counted = counted;
            this.visible = visible;
            this.now = now;
            this.forgetAfter = forgetAfter;
            room = rowLimit;
            gone = before.parts().stream()
                    .filter(part -> part.gone() && !hasExpired(part))
                    // Ledgers of before do not say when.
                    .map(part -> part.expires() > 0 ? part : part.leave(now + forgetAfter))
                    .collect(Collectors.toCollection(ArrayList::new));
        }

        Accounting decide(List<Part> parts) {
            accounted.addAll(unchanged(before, parts));
            List<Component> components = components(before, parts);
            components.stream()
                    .filter(component -> !component.known().isEmpty())
                    .forEach(this::look);
            components.stream().filter(component -> component.known().isEmpty()).forEach(this::look);
            suspects.addAll(gone);
            sound.removeIf(this::isReturned);
            sound.sort(Comparator.comparing(Component::partition)
                    .thenComparingLong(component -> component.parts().getFirst().low()));
            sound.forEach(this::claim);
            if (!claims.isEmpty()) {
                claims.addAll(empty);
            }
            List<BlockRange> claimed = untaken.isEmpty()
                    ? BlockRanges.union(claims)
                    : BlockRanges.union(claims).stream()
                            .flatMap(range ->
                                    BlockRanges.subtract(range, BlockRanges.union(List.copyOf(untaken))).stream())
                            .toList();
            if (gone.size() > GONE_PARTS) {
                gone.sort(Comparator.comparingLong(AccountedPart::newest).reversed());
            }
            accounted.addAll(gone.subList(0, Math.min(gone.size(), GONE_PARTS)));
            return new Accounting(
                    claimed,
                    claimedRows,
                    unclaimedRows,
                    List.copyOf(accounted),
                    List.copyOf(leftAlone),
                    recounted,
                    mayBeMore);
        }

        /** What became of what was known, before anything is claimed: rows that went from one part may be back in any other. */
        private void look(Component component) {
            if (!isCounted(component)) {
                accounted.addAll(component.known());
                mayBeMore |= !component.isLate(before.frontier(), visible);
                return;
            }
            if (component.parts().isEmpty()) {
                leave(component.known());
                return;
            }
            long rows = component.parts().stream()
                    .mapToLong(part -> counted(part).rows())
                    .sum();
            long mark = component.parts().stream()
                    .mapToLong(part -> counted(part).mark())
                    .sum();
            long known =
                    component.known().stream().mapToLong(AccountedPart::rows).sum();
            long knownMark =
                    component.known().stream().mapToLong(AccountedPart::mark).sum();
            long unclaimed = component.parts().stream()
                    .mapToLong(part -> counted(part).unclaimed())
                    .sum();
            if (unclaimed == 0) {
                recounted += rows;
            }
            boolean isAsBefore =
                    !before.isKnown() || (rows == known && mark == knownMark) || isBack(component, rows, mark);
            Optional<List<AccountedPart>> went =
                    isAsBefore ? Optional.of(List.of()) : rows < known ? went(component) : Optional.empty();
            if (went.isPresent()) {
                leave(went.get());
                sound.add(new Component(
                        component.parts(),
                        component.known().stream()
                                .filter(part -> !went.get().contains(part))
                                .toList()));
                return;
            }
            accounted.addAll(component.known());
            // Where its rows are now nobody can say.
            suspects.addAll(component.known());
            forbid(component);
            leftAlone.add(new Reused(
                    component.partition(),
                    component.parts().stream().map(Part::name).toList(),
                    rows,
                    known));
        }

        private boolean isCounted(Component component) {
            return component.parts().stream().allMatch(part -> counted.containsKey(part.name()));
        }

        /** Whether what is new in parts whose claimed rows are as they should be is not new at all: then they are left alone. */
        private boolean isReturned(Component component) {
            List<Returned> returned = component.parts().stream()
                    .flatMap(part -> returned(part).stream())
                    .toList();
            if (!returned.isEmpty()) {
                accounted.addAll(component.known());
                leftAlone.addAll(returned);
                forbid(component);
            }
            return !returned.isEmpty();
        }

        /** Numbers of rows that are left alone must not be claimed by the name of another part. */
        private void forbid(Component component) {
            component.parts().forEach(part -> counted(part).blocks().stream()
                    .map(block -> alone(part, block))
                    .forEach(untaken::add));
        }

        private static BlockRange alone(Part part, Block block) {
            return new BlockRange(part.partition(), block.number(), block.number());
        }

        private void claim(Component component) {
            unclaimedRows += component.parts().stream()
                    .mapToLong(part -> counted(part).unclaimed())
                    .sum();
            component.parts().forEach(this::claim);
        }

        /**
         * The known parts of which no row is left, where fewer rows are left than were known; nothing if rows may be others. A
         * number that is used again may have fewer rows than before, so that there are fewer says little.
         */
        private Optional<List<AccountedPart>> went(Component component) {
            List<AccountedPart> known = component.known();
            long[] rows = new long[known.size()];
            long[] mark = new long[known.size()];
            long[] newest = new long[known.size()];
            Block strange = new Block(0, 0, 0, 0, 0);
            for (Part part : component.parts()) {
                for (Block block : counted(part).claimed()) {
                    int place = counted(part).isByBlock() ? place(known, block.number()) : known.size();
                    if (place == known.size()) {
                        strange = new Block(
                                0,
                                strange.rows() + block.rows(),
                                strange.mark() + block.mark(),
                                0,
                                Math.max(strange.newest(), block.newest()));
                    } else {
                        rows[place] += block.rows();
                        mark[place] += block.mark();
                        newest[place] = Math.max(newest[place], block.newest());
                    }
                }
            }
            boolean mayShrink = component.parts().stream().anyMatch(Part::mutated);
            List<AccountedPart> went = new ArrayList<>();
            for (int i = 0; i < known.size(); i++) {
                AccountedPart part = known.get(i);
                if (rows[i] == 0) {
                    went.add(part);
                } else if (!isLeftOf(part, rows[i], mark[i], newest[i], mayShrink)) {
                    return Optional.empty();
                }
            }
            if (strange.rows() == 0) {
                return Optional.of(went);
            }
            // Rows that have other numbers than their part, as those of attached parts: of which part they are is not
            // known.
            AccountedPart all = together(went);
            return isLeftOf(all, strange.rows(), strange.mark(), strange.newest(), mayShrink)
                    ? Optional.of(List.of())
                    : Optional.empty();
        }

        private static int place(List<AccountedPart> known, long block) {
            for (int i = 0; i < known.size(); i++) {
                if (known.get(i).low() <= block && block <= known.get(i).high()) {
                    return i;
                }
            }
            return known.size();
        }

        private static AccountedPart together(List<AccountedPart> parts) {
            return new AccountedPart(
                    "",
                    0,
                    0,
                    0,
                    parts.stream().mapToLong(AccountedPart::rows).sum(),
                    parts.stream().mapToLong(AccountedPart::mark).sum(),
                    parts.stream().mapToLong(AccountedPart::newest).max().orElse(0),
                    parts.stream().mapToLong(AccountedPart::expires).min().orElse(0),
                    true,
                    false);
        }

        /** Whether rows can be those of a part that are left: some of them only where something deletes rows. */
        private boolean isLeftOf(AccountedPart part, long rows, long mark, long newest, boolean mayShrink) {
            return rows == part.rows()
                    ? mark == part.mark()
                    : rows < part.rows() && newest <= part.newest() && (mayShrink || hasExpired(part));
        }

        private Counted counted(Part part) {
            return counted.get(part.name());
        }

        /** Remembers parts whose rows went before they expired: they may come back. */
        private void leave(Collection<AccountedPart> parts) {
            parts.stream()
                    .filter(part -> part.rows() > 0 && !hasExpired(part))
                    .map(part -> part.leave(Math.max(part.expires(), now + forgetAfter)))
                    .forEach(gone::add);
        }

        private boolean hasExpired(AccountedPart part) {
            return part.expires() > 0 && now >= part.expires();
        }

        /** Whether a part that went away is back with its rows under their numbers. */
        private boolean isBack(Component component, long rows, long mark) {
            if (!component.known().isEmpty()) {
                return false;
            }
            Part part = component.parts().getFirst();
            return gone.removeIf(left -> left.partition().equals(part.partition())
                    && left.id() == part.id()
                    && left.rows() == rows
                    && left.mark() == mark);
        }

        /** Whether new blocks of a part hold rows that were there when a part went away. */
        private List<Returned> returned(Part part) {
            List<AccountedPart> suspected = suspects.stream()
                    .filter(left -> left.partition().equals(part.partition()))
                    .toList();
            boolean isSame = suspected.stream().anyMatch(left -> left.id() == part.id());
            long rows = counted(part).blocks().stream()
                    .filter(block -> isSame || suspected.stream().anyMatch(left -> block.oldest() <= left.newest()))
                    .mapToLong(Block::rows)
                    .sum();
            return rows == 0 ? List.of() : List.of(new Returned(part.partition(), part.name(), rows));
        }

        /**
         * Claims what is new in a part, as far as there is room. A merged part also spans numbers that no row of it has, since
         * partitions and mutations share one sequence: these are claimed along with rows, never alone.
         */
        private void claim(Part part) {
            Counted count = counted(part);
            List<BlockRange> byName = through(
                    visible.getOrDefault(part.partition(), Long.MIN_VALUE),
                    BlockRanges.subtract(part.blocks(), before.frontier()));
            List<BlockRange> candidates = new ArrayList<>(byName);
            List<Block> blocks = new ArrayList<>();
            for (Block block : count.blocks()) {
                BlockRange alone = alone(part, block);
                if (untaken.contains(alone)) {
                    continue;
                }
                boolean isNamed = part.low() <= block.number() && block.number() <= part.high();
                if (!isNamed) {
                    candidates.add(alone);
                }
                if (!isNamed || BlockRanges.subtract(alone, byName).isEmpty()) {
                    blocks.add(block);
                }
            }
            List<BlockRange> ranges = BlockRanges.union(candidates);
            long rows = count.rows();
            long mark = count.mark();
            long newest =
                    count.claimed().stream().mapToLong(Block::newest).max().orElse(0);
            int taken = 0;
            for (Block block : blocks) {
                if (isFull || (block.rows() > room && claimedRows > 0)) {
                    isFull = true;
                    break;
                }
                room -= block.rows();
                claimedRows += block.rows();
                rows += block.rows();
                mark += block.mark();
                newest = Math.max(newest, block.newest());
                taken++;
            }
            blocks.subList(taken, blocks.size()).forEach(block -> untaken.add(alone(part, block)));
            if (taken > 0) {
                claims.addAll(
                        taken == blocks.size()
                                ? ranges
                                : through(blocks.get(taken - 1).number(), ranges));
            } else if (blocks.isEmpty()) {
                empty.addAll(ranges);
            }
            accounted.add(new AccountedPart(
                    part.partition(),
                    part.low(),
                    part.high(),
                    part.id(),
                    rows,
                    mark,
                    newest,
                    part.expires(),
                    taken == count.blocks().size(),
                    false));
        }
    }

    /** The blocks of {@code ranges} up to number {@code high}. */
    private static List<BlockRange> through(long high, List<BlockRange> ranges) {
        return ranges.stream()
                .filter(range -> range.low() <= high)
                .map(range -> new BlockRange(range.partition(), range.low(), Math.min(range.high(), high)))
                .toList();
    }

    /** Partitions whose claims must not be forgotten: a part of theirs went away and may come back. */
    public static Set<String> remembered(List<AccountedPart> parts) {
        return parts.stream()
                .filter(AccountedPart::gone)
                .map(AccountedPart::partition)
                .collect(Collectors.toCollection(HashSet::new));
    }
}
