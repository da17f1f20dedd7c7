package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code status} as a process, of an installation where rows wait. */
@TestMethodOrder(OrderAnnotation.class)
class StatusIT {
    /** Where each frame begins. */
    private static final String HOME = "\033[H";

    private static final JsonMapper JSON = new JsonMapper();

    private static CourierProcess up;
    private static Shipper shipper;
    private static Map<String, String> installation;

    @BeforeAll
    static void start() throws Exception {
        up = CourierProcess.up("--every=1d");
        shipper = new Shipper(up.ready());
        installation = Clients.settings(up.ready());
        shipper.post(ids(0, 300));
        try (CourierProcess tick = CourierProcess.run(installation, "tick")) {
            tick.endedWith(0);
        }
        shipper.post(ids(300, 11));
    }

    @AfterAll
    static void stop() throws IOException {
        shipper.close();
        up.close();
    }

    @Test
    void showsTheBucketsThatWereAskedForAndTheSumsOfAll() throws Exception {
        List<String> lines = output("status", "--top=2").lines().toList();
        assertThat(lines).filteredOn(line -> line.startsWith("bucket-")).hasSize(2);
        assertThat(lines)
                .contains(
                        "... and 3 more buckets (--top N shows more)",
                        "5 buckets, 11 rows not claimed yet, 300 pending, 0 open, 0 given up, 0 lost");

        JsonNode all = JSON.readTree(output("status", "--json", "--top=2"));
        assertThat(all.get("unclaimed").asInt()).isEqualTo(11);
        assertThat(all.get("buckets")).hasSize(5);
        assertThat(all.get("buckets")
                        .valueStream()
                        .mapToInt(one -> one.get("pending").asInt())
                        .sum())
                .isEqualTo(300);

        JsonNode one = JSON.readTree(output("status", "--json", "--bucket=bucket-3"));
        assertThat(one.get("buckets")).hasSize(1);
        assertThat(one.at("/buckets/0/bucket").asString()).isEqualTo("bucket-3");
        assertThat(output("status", "--bucket=bucket-3")).contains("bucket-3 ").doesNotContain("bucket-2 ");
        assertThat(output("status", "--bucket=nobody's")).contains("0 buckets");
    }

    /** The last, since it adds rows. */
    @Order(Integer.MAX_VALUE)
    @Test
    void watchedOnATerminalItIsShownInPlaceUntilCtrlC() throws Exception {
        try (CourierProcess status = CourierProcess.startOnTerminal(installation, "status", "--watch=0.2s")) {
            await().atMost(CourierProcess.PATIENCE).until(() -> status.out().contains("11 rows not claimed yet"));
            shipper.post(ids(311, 5));
            await().atMost(CourierProcess.PATIENCE).until(() -> status.out().contains("16 rows not claimed yet"));
            assertThat(status.out()).startsWith(HOME);
            assertThat(status.out().split(Pattern.quote(HOME))).hasSizeGreaterThan(2);
            status.type("\003");
            assertThat(status.endsWithin(Duration.ofSeconds(10))).isTrue();
            status.endedWith(128 + 2);
        }
    }

    @Test
    void watchedByAProgramItIsOneJsonObjectALineUntilItIsTerminated() throws Exception {
        try (CourierProcess status = CourierProcess.start(installation, "status", "--watch=0.2s", "--json")) {
            await().atMost(CourierProcess.PATIENCE)
                    .until(() -> status.out().lines().count() > 2);
            status.signal("TERM");
            assertThat(status.endsWithin(Duration.ofSeconds(10))).isTrue();
            List<JsonNode> seen = new ArrayList<>();
            status.endedWith(128 + 15).out().lines().forEach(line -> seen.add(JSON.readTree(line)));
            assertThat(seen).allMatch(one -> one.get("buckets").size() == 5);
            assertThat(status.err()).isEmpty();
        }
    }

    @Test
    void itEndsWhenNobodyReadsIt() throws Exception {
        try (CourierProcess status = CourierProcess.startIntoHead(installation, "status", "--watch=0.2s", "--json")) {
            status.endedWith(128 + 13);
            assertThat(status.out().lines()).hasSize(1);
            assertThat(status.err()).isEmpty();
        }
    }

    private String output(String... arguments) throws Exception {
        try (CourierProcess courier = CourierProcess.run(installation, arguments)) {
            return courier.endedWith(0).out();
        }
    }

    private static List<String> ids(int from, int count) {
        return IntStream.range(from, from + count).mapToObj(id -> "row" + id).toList();
    }
}
