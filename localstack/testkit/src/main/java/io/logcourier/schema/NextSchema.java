package io.logcourier.schema;

import io.logcourier.clickhouse.Statement;
import io.logcourier.localstack.Installation;
import io.logcourier.schema.Schema.Migration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The schema of a log-courier to come, whose ledger has a version more: a column. */
public final class NextSchema {
    private NextSchema() {}

    /** That of an installation. */
    public static Schema of(Installation courier) {
        Migration more = new Migration(
                List.of(
                        Statement.of(
                                "ALTER TABLE {ledger:Identifier}.offsets/* on cluster */ ADD COLUMN IF NOT EXISTS note String")),
                List.of(Statement.of(
                        "ALTER TABLE {ledger:Identifier}.offsets/* on cluster */ DROP COLUMN IF EXISTS note")));
        return new Schema(
                courier.lane(),
                courier.settings().logRetention(),
                Optional.empty(),
                Stream.concat(Schema.MIGRATIONS.stream(), Stream.of(more)).toList());
    }
}
