package io.logcourier.operations;

import io.logcourier.accesslog.Contents;
import io.logcourier.accesslog.Rendering;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Setting;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.tls.Distrust;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/**
 * Looks at a replay until it is over. Replays of what was delivered leave no trace in the books, so the objects are looked
 * at: one is done when it holds what was delivered. For one thread.
 */
final class Following {
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);
    private static final int SHOWN = 20;

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final S3Client s3;
    private final Optional<String> target;
    private final Instant since;

    /**
     * Of a replay.
     *
     * @param target where its copies go, as {@code BUCKET/PREFIX}
     * @param since when it was enqueued, by ClickHouse's clock, or shortly before
     */
    Following(ClickHouse clickHouse, Lane lane, S3Client s3, Optional<String> target, Instant since) {
        this.clickHouse = clickHouse;
        this.lane = lane;
        this.s3 = s3;
        this.target = target;
        this.since = since;
    }

    /** An order that is not in its object, and why. */
    public record Left(String order, String object, String reason) {}

    /**
     * What came of a replay: the second answer of {@code courier replay --wait --json}.
     *
     * @param orders that it asked for
     * @param done those that are in their objects
     * @param givenUp those that were given up again
     * @param waiting those that nothing is known of yet
     */
    public record Followed(String lane, int orders, int done, List<Left> givenUp, List<Left> waiting) {
        boolean isDone() {
            return done == orders;
        }

        String text() {
            if (isDone()) {
                return "All orders are in their objects: %,d.".formatted(orders);
            }
            StringBuilder text = new StringBuilder("%,d of %,d orders are in their objects.".formatted(done, orders));
            givenUp.stream()
                    .limit(SHOWN)
                    .forEach(left -> text.append("%ngiven up: order %s, object %s: %s"
                            .formatted(left.order(), left.object(), left.reason())));
            waiting.stream()
                    .limit(SHOWN)
                    .forEach(left -> text.append("%nnot yet: order %s, object %s: %s"
                            .formatted(left.order(), left.object(), left.reason())));
            text.append("%nIt goes on without this command; `courier redrive --list` explains what the workers gave up."
                    .formatted());
            return text.toString();
        }
    }

    /** Waits until each order is in its object or given up, but no longer than {@code atMost}. */
    Followed follow(List<WorkOrder> orders, Duration atMost) throws InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        Map<WorkOrder, String> waiting = new LinkedHashMap<>();
        orders.forEach(order -> waiting.put(order, "nothing is known of it yet"));
        List<Left> givenUp = new ArrayList<>();
        for (Duration pause = FIRST_PAUSE; ; pause = longer(pause)) {
            for (WorkOrder order : List.copyOf(waiting.keySet())) {
                Look look = target.isPresent() ? copy(order) : own(order);
                switch (look) {
                    case Done done -> waiting.remove(order);
                    case GivenUp refused -> {
                        waiting.remove(order);
                        givenUp.add(new Left(order.id(), name(order), refused.reason()));
                    }
                    case Waits waits -> waiting.put(order, waits.reason());
                }
            }
            long left = deadline - System.nanoTime();
            if (waiting.isEmpty() || left <= 0) {
                break;
            }
            Thread.sleep(Duration.ofNanos(Math.min(left, pause.toNanos())));
        }
        return new Followed(
                lane.name(),
                orders.size(),
                orders.size() - waiting.size() - givenUp.size(),
                givenUp,
                waiting.entrySet().stream()
                        .map(one -> new Left(one.getKey().id(), name(one.getKey()), one.getValue()))
                        .toList());
    }

    private static Duration longer(Duration pause) {
        Duration twice = pause.multipliedBy(2);
        return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
    }

    /** How an order stands. */
    private sealed interface Look {}

    private record Done() implements Look {}

    private record GivenUp(String reason) implements Look {}

    private record Waits(String reason) implements Look {}

    private Look own(WorkOrder order) {
        Optional<Ending> known = Ending.of(clickHouse, lane, order.epoch(), order.number(), order.number()).stream()
                .findFirst();
        if (known.isEmpty()) {
            return new GivenUp("the books have forgotten it");
        }
        Ending ending = known.get();
        if (ending.isDeliveredSince(since)) {
            return new Done();
        }
        if (ending.superseded()) {
            return new GivenUp("its rows are gone or changed, a later order takes what is left");
        }
        if (ending.deliveredAt().isPresent()) {
            return object(order, ending);
        }
        return ending.givenUpAt().filter(time -> time.isAfter(since)).isPresent()
                ? new GivenUp(ending.reason())
                : new Waits("no worker has delivered it yet");
    }

    private Look object(WorkOrder order, Ending ending) {
        Rendering rendering = Rendering.of(order);
        return look(order, object -> {
            Contents found = Contents.of(object, rendering, order.compression());
            // Another ClickHouse writes other bytes of the same rows.
            boolean isRight = rendering.isFile()
                    ? found.rows() == ending.rows()
                    : found.equals(new Contents(ending.rows(), ending.bytes(), ending.crc32c()));
            return isRight ? new Done() : new Waits("the object holds something else");
        });
    }

    /** Of a copy the books know nothing, but it must hold as many rows as its order. */
    private Look copy(WorkOrder order) {
        return look(
                order,
                object -> Contents.of(object, Rendering.of(order), order.compression())
                                        .rows()
                                == order.tally().rows()
                        ? new Done()
                        : new Waits("the copy holds something else"));
    }

    private interface Reading {
        Look of(InputStream object) throws IOException;
    }

    private Look look(WorkOrder order, Reading reading) {
        String name = name(order);
        int slash = name.indexOf('/');
        try (InputStream object =
                s3.getObject(request -> request.bucket(name.substring(0, slash)).key(name.substring(slash + 1)))) {
            return reading.of(object);
        } catch (NoSuchKeyException e) {
            return new Waits("there is no object yet");
        } catch (AwsServiceException e) {
            return new Waits("it cannot be read: " + e.getMessage());
        } catch (SdkException e) {
            throw Distrust.failure("cannot read " + name, e, Setting.S3_CA.name());
        } catch (IOException e) {
            return new Waits("the object cannot be read to its end: " + e.getMessage());
        }
    }

    /** Bucket and key of the object, or of the copy. */
    private String name(WorkOrder order) {
        return target.map(copies -> (copies.indexOf('/') < 0 ? copies + "/" : copies)
                        + order.key().substring(order.group().targetPrefix().length()))
                .orElse(order.group().targetBucket() + "/" + order.key());
    }
}
