package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Commands as processes of their own against an installation, which they know by its settings alone. */
class InstallationIT {
    private static final JsonMapper JSON = new JsonMapper();

    @Test
    void tickWorkAndAuditDoTheirPartOfTheJobAndTheAuditFindsWhatIsDamaged() throws Exception {
        List<String> ids = IntStream.range(0, 300).mapToObj(id -> "row" + id).toList();
        try (CourierProcess up = CourierProcess.up("--every=1d", "--bucket=" + Shipper.TARGET);
                Shipper shipper = new Shipper(up.ready())) {
            JsonNode ready = up.ready();
            Map<String, String> installation = Clients.settings(ready);
            Path objects = Path.of(ready.get("objects").asString());
            shipper.post(ids);

            JsonNode ticked = JSON.readTree(output(0, installation, "tick", "--flush"));
            assertThat(ticked.get("orders").asInt()).isEqualTo(5);
            JsonNode before = JSON.readTree(output(0, installation, "audit", "--json"));
            assertThat(before.at("/balance/open").asInt()).isEqualTo(ids.size());
            assertThat(LogFiles.files(objects)).isEmpty();

            output(0, installation, "work", "--once");
            assertThat(LogFiles.requestIds(objects)).containsExactlyInAnyOrderElementsOf(ids);
            List<Path> files = LogFiles.files(objects);
            Map<Path, Object> times = times(files);
            assertThat(output(0, installation, "audit", "--objects"))
                    .contains("The books balance, and all 5 objects hold what they should.");

            JsonNode again = JSON.readTree(output(0, installation, "tick", "--flush"));
            assertThat(again.get("orders").asInt()).isZero();
            assertThat(again.get("messages").asInt()).isZero();
            output(0, installation, "work", "--once");
            assertThat(times(LogFiles.files(objects))).isEqualTo(times);

            try (CourierProcess unreachable =
                    CourierProcess.run(installation, "audit", "--objects", "--s3-endpoint=http://127.0.0.1:1")) {
                assertThat(unreachable.endedWith(3).err().lines())
                        .singleElement()
                        .asString()
                        .startsWith("courier: S3 cannot be asked: ")
                        .contains("127.0.0.1:1");
                assertThat(unreachable.out()).isEmpty();
            }

            Files.delete(files.get(0));
            Files.writeString(files.get(1), "x", StandardOpenOption.APPEND);
            byte[] bytes = Files.readAllBytes(files.get(2));
            bytes[bytes.length / 2] ^= 1;
            Files.write(files.get(2), bytes);
            byte[] cut = Files.readAllBytes(files.get(3));
            Files.writeString(files.get(3), new String(cut, 0, cut.length / 2, StandardCharsets.UTF_8));
            JsonNode report = JSON.readTree(output(1, installation, "audit", "--objects", "--json"));
            List<String> differences = report.get("differences")
                    .valueStream()
                    .map(difference -> difference.get("what").asString())
                    .toList();
            assertThat(differences).hasSize(3);
            assertThat(report.get("missing")).hasSize(1);
            assertThat(report.at("/missing/0/key").asString()).isEqualTo(key(objects, files.get(0)));
            for (Path damaged : files.subList(1, 4)) {
                String key = key(objects, damaged);
                String bucket = key.substring(0, key.indexOf('/'));
                assertThat(differences).anySatisfy(difference -> assertThat(difference)
                        .containsPattern("order \\d+/\\d+ of bucket " + bucket + ": ")
                        .contains(Shipper.TARGET + "/" + key));
            }
            assertThat(output(1, installation, "audit", "--objects"))
                    .contains("missing: order ", "difference: order ", "3 differences, 1 object missing.");
            assertThat(output(0, installation, "audit")).contains("The books balance. Objects were not read.");
        }
    }

    private static String key(Path objects, Path file) {
        return objects.resolve(Shipper.TARGET).relativize(file).toString();
    }

    private static String output(int code, Map<String, String> environment, String... arguments) throws Exception {
        try (CourierProcess courier = CourierProcess.run(environment, arguments)) {
            return courier.endedWith(code).out();
        }
    }

    private static Map<Path, Object> times(List<Path> files) throws Exception {
        Map<Path, Object> times = new HashMap<>();
        for (Path file : files) {
            times.put(file, Files.getLastModifiedTime(file));
        }
        return times;
    }
}
