package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.operations.Audit.Difference;
import io.logcourier.operations.Audit.Missing;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The books are read in pages, and everything once whatever these are. */
class PagesIT {
    private static final int EPOCHS = 4;
    private static final int BUCKETS = 5;

    @RegisterExtension
    static final Stack STACK = new Stack();

    private record Name(String id, String key) {}

    @Test
    void everyObjectIsReadOnceWhateverThePages() {
        Installation courier = STACK.installation();
        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            String request = "request-" + epoch;
            courier.insert(IntStream.range(0, BUCKETS)
                    .mapToObj(bucket -> LogRow.of("bucket-" + bucket, request, courier.target()))
                    .toList());
            courier.flush();
        }
        Ledger ledger = new Ledger(courier.clickHouse(), courier.lane());
        for (int page : List.of(1, BUCKETS, BUCKETS + 1, EPOCHS * BUCKETS, 1_000)) {
            List<WorkOrder> open = new ArrayList<>();
            ledger.openPages(1, page).forEach(open::addAll);
            assertThat(open).as("pages of %d", page).hasSize(EPOCHS * BUCKETS).isEqualTo(ledger.open(0));
        }
        courier.drain();
        List<Name> names = courier.clickHouse()
                .list(
                        Statement.of("SELECT concat(toString(epoch), '/', toString(number)) AS id, key"
                                        + " FROM {ledger:Identifier}.offsets ORDER BY epoch, number")
                                .with("ledger", courier.lane().ledger()),
                        Name.class);
        Name first = names.getFirst();
        Name gone = names.get(BUCKETS);
        Name last = names.getLast();
        courier.s3().deleteObject(request -> request.bucket(courier.target()).key(gone.key()));
        // As retries do.
        courier.execute("INSERT INTO {ledger}.offsets SELECT * FROM {ledger}.offsets WHERE number = 3");
        // As nothing should.
        courier.execute("INSERT INTO {ledger}.offsets SELECT * REPLACE ('" + first.key() + "' AS key)"
                + " FROM {ledger}.offsets WHERE concat(toString(epoch), '/', toString(number)) = '" + last.id() + "'");

        assertThat(courier.books().differences())
                .extracting(Difference::what)
                .containsExactly("order %s takes 1 rows as %s/%s, its offset says 1 rows as %2$s/%4$s"
                        .formatted(last.id(), courier.target(), last.key(), first.key()));
        for (int page : List.of(1, BUCKETS, BUCKETS + 1, EPOCHS * BUCKETS, 1_000)) {
            AtomicInteger read = new AtomicInteger();
            Audit.Objects objects = new Audit(courier.clickHouse(), courier.lane(), page)
                    .objects(courier.s3(), Scope.of(courier.settings()).alone(), bytes -> read.incrementAndGet());

            assertThat(objects.missing())
                    .as("pages of %d", page)
                    .extracting(Missing::key)
                    .containsExactly(gone.key());
            assertThat(objects.differences())
                    .as("pages of %d", page)
                    .extracting(Difference::what)
                    .satisfiesExactly(
                            shared -> assertThat(shared)
                                    .isEqualTo("object %s/%s is that of several orders: %s, %s"
                                            .formatted(courier.target(), first.key(), first.id(), last.id())),
                            other -> assertThat(other)
                                    .startsWith("order %s of bucket bucket-%d: object %s/%s has "
                                            .formatted(last.id(), BUCKETS - 1, courier.target(), first.key())));
            assertThat(read).as("pages of %d", page).hasValue(names.size());
        }
    }
}
