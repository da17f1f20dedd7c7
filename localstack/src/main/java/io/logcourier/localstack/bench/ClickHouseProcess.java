package io.logcourier.localstack.bench;

import io.logcourier.localstack.LaptopStack;
import io.logcourier.localstack.LaptopStack.Layout;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** ClickHouse alone, as {@code courier up --only clickhouse} has it, on the data folder that is its argument. */
final class ClickHouseProcess {
    private ClickHouseProcess() {}

    record Ready(URI clickhouse, String user, String password) {}

    public static void main(String[] arguments) throws IOException {
        try (LaptopStack stack =
                LaptopStack.start(new Layout(Optional.of(Path.of(arguments[0])), 0, 0, 0, true), Map.of())) {
            Child.serve(
                    new Ready(
                            stack.settings().lane().endpoint().url(),
                            stack.keys().user(),
                            stack.keys().password()),
                    question -> question);
        }
        System.exit(0);
    }
}
