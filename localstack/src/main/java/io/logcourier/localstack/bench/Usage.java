package io.logcourier.localstack.bench;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * What an installation used and did up to a moment, or between two.
 *
 * @param engine CPU time
 * @param services CPU time of the stand-ins for S3 and SQS
 * @param courier CPU time
 * @param requests of the courier to AWS, by service and operation
 * @param statements that ClickHouse ran
 * @param rowsRead by these statements
 */
record Usage(
        Duration engine,
        Duration services,
        Duration courier,
        Map<String, Long> requests,
        long statements,
        long rowsRead) {
    /** Since then; looking is one statement itself. */
    Usage since(Usage before) {
        Map<String, Long> more = new HashMap<>(requests);
        before.requests.forEach((name, count) -> more.merge(name, -count, Long::sum));
        return new Usage(
                engine.minus(before.engine),
                services.minus(before.services),
                courier.minus(before.courier),
                more,
                statements - before.statements - 1,
                rowsRead - before.rowsRead);
    }

    /** Requests to one service. */
    long requests(String service) {
        return requests.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(service + "/"))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }
}
