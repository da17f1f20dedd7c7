package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import picocli.CommandLine;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What an operator does by commands alone. */
class OperatorIT {
    private static final JsonMapper JSON = new JsonMapper();

    @RegisterExtension
    static final Stack STACK = new Stack();

    private record Printed(int code, String out, String err) {
        JsonNode json() {
            return JSON.readTree(out);
        }
    }

    @Test
    void whatWasGivenUpIsExplainedRedrivenOnceItIsMendedAndGoneWhereItWasHealedOtherwise() {
        Installation courier = STACK.installation();
        courier.insert(rows("cats", "cat-logs"));
        courier.insert(rows("dogs", "dog-logs"));
        courier.flush();
        courier.drain();
        courier.send("no message");
        courier.send("{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":99,\"first\":0,\"last\":0}");
        courier.drain();

        Printed listed = run(courier, "redrive", "--list");
        assertThat(listed.code()).as(listed.err()).isZero();
        assertThat(listed.out())
                .contains("order 2/0 of bucket cats, 5 rows: waits", "NoSuchBucket", "make the bucket")
                .contains("then `courier redrive`", "no message of ours", "order 99/0: in no ledger")
                .endsWith("4 dead letters: 0 enqueued again, 0 removed, 4 left.\n");
        assertThat(lettersOf(courier)).isEqualTo(4);

        Printed status = run(courier, "status");
        assertThat(status.out()).contains("make the bucket", "`courier redrive`");

        // Cats are healed by a replay, dogs by hand.
        courier.s3().createBucket(request -> request.bucket("cat-logs"));
        courier.s3().createBucket(request -> request.bucket("dog-logs"));
        Printed replay = replayed(courier, "replay", "--order", "2/0", "--wait", "60s");
        assertThat(replay.code()).as(replay.toString()).isZero();
        assertThat(replay.out()).contains("All orders are in their objects: 1.");
        assertThat(run(courier, "redrive", "--list", "--bucket", "cats").out())
                .contains("healed otherwise", "1 dead letter:");

        JsonNode redriven = run(courier, "redrive", "--json").json();
        assertThat(redriven.get("redriven").asInt()).isOne();
        assertThat(redriven.get("removed").asInt()).isOne();
        assertThat(redriven.get("left").asInt()).isEqualTo(2);
        courier.drain();
        assertThat(courier.objects("cat-logs")).hasSize(1);
        assertThat(courier.objects("dog-logs")).hasSize(1);
        assertThat(courier.books().balance().delivered()).isEqualTo(10);

        Printed left = run(courier, "redrive", "--json");
        assertThat(left.code()).isOne();
        List<String> ids = left.json()
                .get("letters")
                .valueStream()
                .map(letter -> letter.get("id").asString())
                .toList();
        assertThat(run(courier, "redrive", "--discard", ids.get(0), "--discard", ids.get(1))
                        .code())
                .isZero();
        assertThat(lettersOf(courier)).isZero();
    }

    @Test
    void aReplayIsFollowedToItsEndAndOneThatCannotBeIsNotEnqueued() {
        Installation courier = STACK.installation(Map.of("worker.replay-targets", "copies-to-follow/of/"));
        courier.s3().createBucket(request -> request.bucket("copies-to-follow"));
        courier.insert(rows("cats", courier.target()));
        courier.flush();
        courier.drain();
        String key = courier.objects(courier.target()).keySet().iterator().next();
        courier.s3().deleteObject(request -> request.bucket(courier.target()).key(key));
        String[] all = {"replay", "--bucket", "cats", "--from", "1970-01-01", "--to", "2200-01-01"};

        Printed late = run(courier, with(all, "--wait", "1s"));
        assertThat(late.code()).isOne();
        assertThat(late.out()).contains("not yet: order 2/0", key);
        Printed copies = replayed(courier, with(all, "--wait", "60s", "--target", "copies-to-follow/of/cats/"));
        assertThat(copies.code()).as(copies.toString()).isZero();
        assertThat(courier.objects("copies-to-follow")).hasSize(1);
        assertThat(courier.objects(courier.target())).hasSize(1);

        Printed elsewhere = run(courier, with(all, "--target", "copies-to-follow/elsewhere/"));
        assertThat(elsewhere.code()).isEqualTo(2);
        assertThat(elsewhere.err()).contains("worker.replay-targets", "copies-to-follow/of/");
        Printed nobody = run(courier, "replay", "--order", "77/0");
        assertThat(nobody.code()).isOne();
        assertThat(nobody.out()).contains("nothing to replay");
        Printed half = run(courier, "replay", "--bucket", "cats");
        assertThat(half.code()).isEqualTo(2);
        courier.execute("TRUNCATE TABLE {logs}.access_logs");
        Printed gone = run(courier, all);
        assertThat(gone.code()).isOne();
        assertThat(gone.out()).contains("not enqueued");
        assertThat(courier.receive(courier.settings().queue().url())).isEmpty();
    }

    @Test
    void ticksGoOnAfterOneThatFailedUntilTheyAreInterrupted() throws InterruptedException {
        Installation courier = STACK.installation();
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        Thread ticks = Thread.ofPlatform().start(() -> run(courier, out, err, "tick", "--every", "0.1s"));
        await().atMost(Duration.ofMinutes(2)).until(() -> out.toString().lines().count() >= 2);

        courier.execute("RENAME TABLE {ledger}.epochs TO {ledger}.away");
        await().atMost(Duration.ofMinutes(2)).until(() -> err.toString().contains("courier: "));
        courier.execute("RENAME TABLE {ledger}.away TO {ledger}.epochs");
        long before = out.toString().lines().count();
        await().atMost(Duration.ofMinutes(2)).until(() -> out.toString().lines().count() > before);

        ticks.interrupt();
        ticks.join();
    }

    /** Runs a replay that waits, while the queue is served. */
    private static Printed replayed(Installation courier, String... arguments) {
        CompletableFuture<Printed> replay = CompletableFuture.supplyAsync(() -> run(courier, arguments));
        while (!replay.isDone()) {
            courier.drain();
        }
        return replay.orTimeout(Duration.ofMinutes(1).toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    private static List<LogRow> rows(String bucket, String target) {
        return IntStream.range(0, 5)
                .mapToObj(number -> LogRow.of(bucket, bucket + number, target))
                .toList();
    }

    private static int lettersOf(Installation courier) {
        return Integer.parseInt(courier.sqs()
                .getQueueAttributes(
                        request -> request.queueUrl(courier.settings().queue().deadLetterUrl())
                                .attributeNames(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES))
                .attributes()
                .get(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES));
    }

    private static String[] with(String[] arguments, String... more) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private static Printed run(Installation courier, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = run(courier, out, err, arguments);
        return new Printed(code, out.toString(), err.toString());
    }

    private static int run(Installation courier, StringWriter out, StringWriter err, String... arguments) {
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(with(arguments, courier.flags().toArray(String[]::new)));
    }
}
