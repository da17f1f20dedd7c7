package io.logcourier.localstack.bench;

import static io.logcourier.localstack.bench.DeliveryCase.seconds;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import io.logcourier.ConfigurationException;
import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.localstack.bench.Workload.Shape;
import io.logcourier.localstack.lambda.DeployedFunction;
import io.logcourier.localstack.lambda.RuntimeApi.Answer;
import io.logcourier.message.Tick;
import io.logcourier.worker.WorkerHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import tools.jackson.databind.json.JsonMapper;

/** How long a function takes from the start of its JVM to its first event, and to the end of that one. */
final class ColdStartCase {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int STARTS = 3;
    private static final double MILLION = 1e6;

    private ColdStartCase() {}

    /** Does nothing: what is measured of it is the runtime's share. */
    public static final class EmptyHandler implements RequestStreamHandler {
        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            output.write('0');
        }
    }

    static List<Result> run(String name, BenchInstallation installation) throws IOException {

        new Workload(
                        Shape.EVEN,
                        installation.options.scaled(10_000),
                        10,
                        installation.options.scaled(10_000),
                        installation.options.seed())
                .load(installation.clickHouse, installation.settings.lane());
        Path nothing = zip(EmptyHandler.class, installation.folder);
        Path repository = repository();
        String tick = new Tick(Optional.empty(), true, false).payload();
        List<Result> results = new ArrayList<>();
        results.add(measure(name + " runtime alone", installation, nothing, EmptyHandler.class, tick));
        results.add(measure(
                name + " discovery",
                installation,
                repository.resolve("functions/discovery/target/log-courier-discovery.zip"),
                DiscoveryHandler.class,
                tick));
        results.add(measure(
                name + " worker",
                installation,
                repository.resolve("functions/worker/target/log-courier-worker.zip"),
                WorkerHandler.class,
                received(installation)));
        return results;
    }

    /** The median of some starts. */
    private static Result measure(String name, BenchInstallation installation, Path zip, Class<?> handler, String event)
            throws IOException {
        if (!Files.exists(zip)) {
            throw new ConfigurationException("there is no " + zip + ": run mvn package");
        }
        List<Map<String, Double>> starts = new ArrayList<>();
        List<String> faults = new ArrayList<>();
        long wanted = installation.options.scaled(STARTS);
        for (int start = 1; start <= wanted; start++) {
            Path folder = Files.createTempDirectory(installation.folder, "function-");
            try (DeployedFunction function = new DeployedFunction(
                    handler.getSimpleName(),
                    zip,
                    handler.getName(),
                    folder,
                    installation.variables,
                    DeployedFunction.PATIENCE)) {
                Answer initialized = function.initialized();
                Map<String, Double> figures = new LinkedHashMap<>();
                figures.put("zip_mb", Files.size(zip) / MILLION);
                figures.put("init_seconds", seconds(function.age()));
                figures.put("init_cpu_seconds", seconds(function.cpu()));
                long began = System.nanoTime();
                Answer first = function.invoke(event);
                figures.put("first_invocation_seconds", (System.nanoTime() - began) / 1e9);
                long again = System.nanoTime();
                Answer second = function.invoke(event);
                figures.put("second_invocation_seconds", (System.nanoTime() - again) / 1e9);
                figures.put("cpu_seconds", seconds(function.cpu()));
                starts.add(figures);
                for (Answer answer : List.of(initialized, first, second)) {
                    if (answer.failed() || answer.body().contains("itemIdentifier")) {
                        faults.add(answer.body());
                    }
                }
            }
        }
        starts.sort(Comparator.comparing(figures -> figures.get("init_seconds")));
        return new Result(name, starts.get(starts.size() / 2), faults);
    }

    /** The message that discovery sent, as an event. */
    private static String received(BenchInstallation installation) {
        try (SqsClient sqs = SqsClient.builder()
                .region(Region.of(installation.settings.aws().region()))
                .endpointOverride(installation.endpoints.sqs())
                .credentialsProvider(StaticCredentialsProvider.create(installation.credentials()))
                .build()) {
            Message message = sqs.receiveMessage(request ->
                            request.queueUrl(installation.endpoints.queue().toString()))
                    .messages()
                    .getFirst();
            sqs.deleteMessage(request ->
                    request.queueUrl(installation.endpoints.queue().toString()).receiptHandle(message.receiptHandle()));
            return JSON.writeValueAsString(Map.of(
                    "Records",
                    List.of(Map.of(
                            "messageId", message.messageId(),
                            "receiptHandle", message.receiptHandle(),
                            "body", message.body(),
                            "attributes", Map.of("ApproximateReceiveCount", "1"),
                            "eventSource", "aws:sqs"))));
        }
    }

    /** A zip with this class alone. */
    private static Path zip(Class<?> handler, Path folder) throws IOException {
        Path zip = folder.resolve("nothing.zip");
        String file = handler.getName().replace('.', '/') + ".class";
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip));
                InputStream code = handler.getResourceAsStream("/" + file)) {
            out.putNextEntry(new ZipEntry(file));
            code.transferTo(out);
        }
        return zip;
    }

    private static Path repository() {
        try {
            Path classes = Path.of(ColdStartCase.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return classes.resolve("../../..").normalize();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
