package io.logcourier.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ConfigurationException;
import io.logcourier.accesslog.Form;
import io.logcourier.clickhouse.Endpoint;
import io.logcourier.ledger.Lane;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.event.Level;

class SettingsTest {
    /** A value for every setting that is not its default. */
    private static final Map<String, String> OTHER = Map.ofEntries(
            Map.entry("lane.name", "second"),
            Map.entry("clickhouse.url", "https://clickhouse.example:8443 https://other.example:8443"),
            Map.entry("clickhouse.authentication", "bearer"),
            Map.entry("clickhouse.user", "courier"),
            Map.entry("clickhouse.password", "open sesame"),
            Map.entry("clickhouse.password-secret", "courier/clickhouse"),
            Map.entry("clickhouse.timeout", "45s"),
            Map.entry("clickhouse.ca-file", authority()),
            Map.entry("s3.ca-file", authority()),
            Map.entry("sqs.ca-file", authority()),
            Map.entry("sts.ca-file", authority()),
            Map.entry("clickhouse.headers", "X-Scope-OrgID=cats, x-more = a=b c"),
            Map.entry("clickhouse.logs-database", "other_logs"),
            Map.entry("clickhouse.logs-table", "other_access_logs"),
            Map.entry("clickhouse.ledger-database", "other_courier"),
            Map.entry("clickhouse.log-retention", "7d"),
            Map.entry("aws.region", "eu-west-3"),
            Map.entry("s3.endpoint", "http://localhost:9000"),
            Map.entry("s3.roles", "cats=arn:aws:iam::123456789012:role/logs"),
            Map.entry("sts.endpoint", "http://localhost:4566"),
            Map.entry("s3.bucket-owners", "123456789012, cats=210987654321"),
            Map.entry("delivery.account-id", "123456789012"),
            Map.entry("delivery.forms", "cats=gzip,*=simple"),
            Map.entry("s3.acl", "bucket-owner-full-control"),
            Map.entry("s3.grants", "read=uri:http://acs.amazonaws.com/groups/s3/LogDelivery"),
            Map.entry("s3.encryption", "aws:kms:dsse"),
            Map.entry("s3.encryption-key", "alias/logs"),
            Map.entry("sqs.endpoint", "http://localhost:9324"),
            Map.entry("queue.url", "http://localhost:9324/0/orders"),
            Map.entry("queue.dead-letter-url", "http://localhost:9324/0/dead"),
            Map.entry("discovery.count-threshold", "1"),
            Map.entry("discovery.time-threshold", "PT1M"),
            Map.entry("discovery.object-limit", "9223372036854775807"),
            Map.entry("discovery.epoch-limit", "2000000"),
            Map.entry("discovery.redeliver-after", "1d"),
            Map.entry("delivery.source-region", "eu-west-3"),
            Map.entry("s3.targets", "!cats,*"),
            Map.entry("delivery.more-columns", "hostname"),
            Map.entry("worker.part-size", "16MiB"),
            Map.entry("worker.uploads", "2"),
            Map.entry("worker.attempts", "7"),
            Map.entry("worker.retry-delay", "1m"),
            Map.entry("worker.supersede-after", "1h"),
            Map.entry("worker.replay-targets", "bucket/prefix/, other"),
            Map.entry("audit.objects-within", "0"),
            Map.entry("audit.schedule", "30m"),
            Map.entry("audit.own-targets", "logs-*/of/cats/, other"),
            Map.entry("log.level", "DEBUG"));

    @Test
    void aDurationThatNoTimeCanBeAddedToIsNone() {
        assertThat(Setting.duration("36500d")).isEqualTo(Duration.ofDays(36_500));
        for (String text : List.of("36501d", "106751991167d", "999999999999999d", "-1s", "0s")) {
            assertThatThrownBy(() -> Setting.duration(text))
                    .as(text)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("needed");
        }
    }

    @Test
    void theDefaults() {
        assertThat(Settings.read(Map.of(), Map.of()))
                .isEqualTo(new Settings(
                        List.of(new Lane(
                                "main",
                                new Endpoint(
                                        List.of(URI.create("http://localhost:8123")),
                                        Endpoint.Authentication.BASIC,
                                        "default",
                                        new Endpoint.Fixed(""),
                                        Duration.ofMinutes(2),
                                        Optional.empty(),
                                        Map.of()),
                                "logs",
                                "access_logs",
                                "courier",
                                List.of())),
                        Duration.ofDays(3),
                        new Settings.Aws(
                                "us-east-1",
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty()),
                        new Settings.Targets(
                                List.of("*"),
                                Map.of(),
                                Map.of(),
                                Optional.empty(),
                                Map.of(),
                                Optional.empty(),
                                Optional.empty()),
                        new Settings.Queue("", ""),
                        new Settings.Discovery(10_000, Duration.ofMinutes(15), 100_000, 1_000_000, Duration.ofHours(6)),
                        new Settings.Forms("", Form.Regions.parse("us-east-1"), Form.parse("*=simple")),
                        new Settings.Worker(8 << 20, 8, 4, Duration.ofSeconds(10), Duration.ofMinutes(20), List.of()),
                        new Settings.Audit(Optional.of(Duration.ofDays(1)), Duration.ofHours(1), List.of()),
                        Level.INFO));
    }

    @ParameterizedTest
    @CsvSource({
        "clickhouse.log-retention, 6h",
        "clickhouse.log-retention, PT6H15M",
        "discovery.time-threshold, 3d",
        "discovery.redeliver-after, 3d"
    })
    void rowsThatMayGoBeforeTheyAreDeliveredAreRefused(String setting, String value) {
        assertThatThrownBy(() -> Settings.read(Map.of(setting, value), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageMatching("clickhouse.log-retention is [0-9]+s, and rows may wait for [0-9]+s, .*");
    }

    @Test
    void aRetentionAboveWhatRowsMayWaitIsTaken() {
        assertThat(Settings.read(Map.of("clickhouse.log-retention", "PT6H15M1S"), Map.of())
                        .leastRetention())
                .isEqualTo(Duration.ofMinutes(6 * 60 + 15));
    }

    @ParameterizedTest
    @CsvSource({"rate(1 hour),PT1H", "rate(5 minutes),PT5M", "rate(2 days),PT48H", "20m,PT20M"})
    void theScheduleOfTheAuditIsARateOrADuration(String text, Duration expected) {
        assertThat(Settings.read(Map.of("audit.schedule", text), Map.of())
                        .audit()
                        .every())
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "logs, any/key, logs, true",
        "logs/of/, of/cats, logs, true",
        "logs/of/, off/cats, logs, false",
        "logs/of/, of/cats, logs-2, false",
        "logs-*/, key, logs-2, true",
        "'a/x/, b/y/', y/1, b, true",
        "'a/x/, b/y/', x/1, b, false",
        "'', key, logs, false"
    })
    void aTargetIsOursAloneByBucketAndPrefix(String targets, String key, String bucket, boolean expected) {
        assertThat(Settings.read(Map.of("audit.own-targets", targets), Map.of())
                        .audit()
                        .owns(bucket, key))
                .isEqualTo(expected);
    }

    @Test
    void everySettingChangesExactlyOneFieldFromEverySource(@TempDir Path folder) throws IOException {
        assertThat(OTHER.keySet())
                .isEqualTo(Setting.all().stream().map(Setting::name).collect(Collectors.toSet()));
        Map<String, Object> defaults = fields(Settings.read(Map.of(), Map.of()));
        Set<String> changed = new HashSet<>();
        for (Setting<?> setting : Setting.all()) {
            String value = OTHER.get(setting.name());
            Settings byFlag = Settings.read(Map.of(setting.name(), value), Map.of());
            Map<String, Object> fields = fields(byFlag);

            Set<String> different = defaults.keySet().stream()
                    .filter(field -> !defaults.get(field).equals(fields.get(field)))
                    .collect(Collectors.toSet());

            assertThat(different).as(setting.name()).hasSize(1);
            changed.addAll(different);
            assertThat(Settings.read(Map.of(), Map.of(setting.variable(), value)))
                    .as(setting.variable())
                    .isEqualTo(byFlag);
            assertThat(Settings.read(Map.of(), file(folder, setting.name(), value)))
                    .as("%s in a file", setting.name())
                    .isEqualTo(byFlag);
        }
        assertThat(changed).as("fields without a setting").isEqualTo(defaults.keySet());
    }

    @Test
    void aFlagWinsOverAVariableOverTheFileOverTheDefault(@TempDir Path folder) throws IOException {
        Map<String, String> environment = new LinkedHashMap<>(file(folder, "lane.name", "file"));
        assertThat(Settings.read(Map.of(), environment).lane().name()).isEqualTo("file");

        environment.put("LOG_COURIER_LANE_NAME", "variable");
        assertThat(Settings.read(Map.of(), environment).lane().name()).isEqualTo("variable");

        assertThat(Settings.read(Map.of("lane.name", "flag"), environment)
                        .lane()
                        .name())
                .isEqualTo("flag");
    }

    @Test
    void allProblemsAreNamedAtOnceWithSettingValueAndSource() {
        assertThatThrownBy(() -> Settings.read(
                        Map.of("clickhouse.url", "ftp://nowhere", "worker.uploads", "0", "log.level", "loud"),
                        Map.of(
                                "LOG_COURIER_DISCOVERY_OBJECT_LIMIT", "many",
                                "LOG_COURIER_CLICKHOUSE_LOGS_DATABASE", "logs; DROP DATABASE logs",
                                "LOG_COURIER_WORKER_PART_SIZE", "1MiB")))
                .isInstanceOf(ConfigurationException.class)
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(6))
                .hasMessageContaining("clickhouse.url = 'ftp://nowhere' (from the flag --clickhouse-url)")
                .hasMessageContaining(
                        "worker.uploads = '0' (from the flag --worker-uploads): a value from 1 to 1000 is needed")
                .hasMessageContaining(
                        "log.level = 'loud' (from the flag --log-level): error, warn, info, debug or trace is needed")
                .hasMessageContaining(
                        "discovery.object-limit = 'many' (from the variable LOG_COURIER_DISCOVERY_OBJECT_LIMIT)")
                .hasMessageContaining("clickhouse.logs-database = 'logs; DROP DATABASE logs'")
                .hasMessageContaining("worker.part-size = '1MiB'");
    }

    @Test
    void unknownSettingsAreNamedWhereverTheyStandWithWhatWasMeant(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("courier.yaml"), """
                clickhouse:
                  url: http://localhost:1
                log-courier:
                  discovery:
                    count-treshold: 5
                  worker:
                    attempts: many
                    colour: blue
                """);
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put(Settings.FILE_VARIABLE, file.toString());
        environment.put("LOG_COURIER_WORKER_UPLOAD", "5");
        environment.put("LOG_COURIER_COLOUR", "5");
        environment.put("PATH", "/bin");
        environment.put("LOG_COURIER_CACHE", "/tmp");

        assertThatThrownBy(() -> Settings.read(Map.of("lane.nam", "x"), environment))
                .isInstanceOf(ConfigurationException.class)
                .satisfies(e -> assertThat(e.getMessage().lines())
                        .containsExactlyInAnyOrder(
                                "unknown variable LOG_COURIER_COLOUR",
                                "unknown variable LOG_COURIER_WORKER_UPLOAD;"
                                        + " did you mean LOG_COURIER_WORKER_UPLOADS?",
                                "unknown setting log-courier.lane.nam; did you mean log-courier.lane.name?",
                                "unknown setting clickhouse.url in the file " + file
                                        + "; did you mean log-courier: {clickhouse: {url: ...}}?",
                                "unknown setting log-courier.discovery.count-treshold in the file " + file
                                        + "; did you mean log-courier: {discovery: {count-threshold: ...}}?",
                                "unknown setting log-courier.worker.colour in the file " + file,
                                "worker.attempts = 'many' (from log-courier.worker.attempts in the file " + file
                                        + "): a whole number is needed"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "clickhouse.url: http://localhost:1",
                "log-courier.clickhouse.url: http://localhost:1",
                "log-courier: {clickhouse.url: 'http://localhost:1'}",
                "clickhouse: {url: 'http://localhost:1'}",
                "\"clickhouse.urll\": http://localhost:1"
            })
    void theHintForAFlatKeyIsOneThatWorks(String flat, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("courier.yaml"), flat);
        Map<String, String> environment = Map.of(Settings.FILE_VARIABLE, file.toString());
        String problem = assertThatThrownBy(() -> Settings.read(Map.of(), environment))
                .isInstanceOf(ConfigurationException.class)
                .actual()
                .getMessage();
        String hint = problem.replaceFirst("(?s).*did you mean (.*)[?]$", "$1");

        Files.writeString(file, hint.replace("...", "'http://localhost:1'"));

        assertThat(Settings.read(Map.of(), environment).lane().endpoint().url())
                .isEqualTo(URI.create("http://localhost:1"));
    }

    @Test
    void aSecretIsInNoMessageAndNoText() {
        Settings settings = Settings.read(Map.of("clickhouse.password", "open sesame"), Map.of());
        assertThat(settings.lane().endpoint().password().get()).isEqualTo("open sesame");
        assertThat(settings.toString()).doesNotContain("sesame");

        assertThatThrownBy(() -> Settings.read(
                        Map.of("clickhouse.password", "open sesame", "worker.uploads", "x"),
                        Map.of("LOG_COURIER_CLICKHOUSE_PASWORD", "open sesame too")))
                .isInstanceOf(ConfigurationException.class)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("sesame"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://user:sesame@host:8443",
                "https://user:ses/ame@host",
                "https://user:ses ame@host",
                "ftp://user:sesame@host",
                "east=http://one,west=https://user:sesame@host"
            })
    void anAddressWithAPasswordIsRefusedWithoutBeingTold(String address) {
        assertThatThrownBy(() -> Settings.read(Map.of("clickhouse.url", address), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("clickhouse.url = '")
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("ses"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tenant",
                "=cats",
                "two words=cats",
                "X-Scope-OrgID=",
                "X-Scope-OrgID=\u00e9",
                "X-Scope-OrgID=a\r\nEvil: b",
                "X-Scope-OrgID=cats, x-scope-orgid=dogs",
                "authorization=Bearer cats",
                "X-ClickHouse-User=cats",
                "Content-Length=1"
            })
    void aHeaderThatIsNoneOrNotForOthersIsRefused(String headers) {
        assertThatThrownBy(() -> Settings.read(Map.of("clickhouse.headers", headers), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("clickhouse.headers = ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a${b}c", "$$", "${", "back\\slash", "com,ma", " padded ", "\u00fc\uD83D\uDE80", "%20", "#no"})
    void aPasswordIsTakenAsItIs(String password) {
        assertThat(Settings.read(Map.of("clickhouse.password", password), Map.of())
                        .lane()
                        .endpoint()
                        .password()
                        .get())
                .isEqualTo(password);
        assertThat(Settings.read(Map.of(), Map.of("LOG_COURIER_CLICKHOUSE_PASSWORD", password))
                        .lane()
                        .endpoint()
                        .password()
                        .get())
                .isEqualTo(password);
    }

    @Test
    void whatIsEmptyStandsForTheDefaultAndHidesWhatComesAfterIt(@TempDir Path folder) throws IOException {
        Settings defaults = Settings.read(Map.of(), Map.of(Settings.FILE_VARIABLE, ""));
        for (Setting<?> setting : Setting.all()) {
            Map<String, String> file = file(folder, setting.name(), OTHER.get(setting.name()));
            assertThat(Settings.read(Map.of(setting.name(), ""), file))
                    .as(setting.flag())
                    .isEqualTo(defaults);
            Map<String, String> environment = new LinkedHashMap<>(file);
            environment.put(setting.variable(), "");
            assertThat(Settings.read(Map.of(), environment))
                    .as(setting.variable())
                    .isEqualTo(defaults);
        }
    }

    @Test
    void aFileThatIsNotThereIsAProblemWithItsName(@TempDir Path folder) {
        String missing = folder.resolve("missing.yaml").toString();

        assertThatThrownBy(() -> Settings.read(Map.of("worker.uploads", "0"), Map.of(Settings.FILE_VARIABLE, missing)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(missing)
                .hasMessageContaining("worker.uploads");
    }

    @Test
    void aFileThatIsNoYamlIsAProblemWithItsName(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("broken.yaml"), "log-courier: [unclosed\n\tlane: {");

        assertThatThrownBy(() -> Settings.read(Map.of(), Map.of(Settings.FILE_VARIABLE, file.toString())))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(file.toString());
    }

    @ParameterizedTest
    @CsvSource({"30s,PT30S", "15m,PT15M", "6h,PT6H", "3d,PT72H", "PT1.5S,PT1.5S", "P1DT1H,PT25H", "0.2s,PT0.2S"})
    void durationsAreReadShortOrInFull(String text, Duration expected) {
        assertThat(Setting.duration(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "0s", "-5s", "5 minutes", "PT", "99999999999999999999d", "1w"})
    void whatIsNoDurationAboveZeroIsRefused(String text) {
        assertThatThrownBy(() -> Setting.duration(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({"5MiB,5242880", "5242880,5242880", "6 M,6291456", "1GiB,1073741824", "10240KiB,10485760"})
    void sizesAreReadWithTheirUnit(String text, int expected) {
        assertThat(Settings.read(Map.of("worker.part-size", text), Map.of())
                        .worker()
                        .partSize())
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"5MB", "-5MiB", "MiB", "4MiB", "2GiB", "17179869185GiB", "99999999999999999999GiB", "8TiB"})
    void whatIsNoSizeInRangeIsRefused(String text) {
        assertThatThrownBy(() -> Settings.read(Map.of("worker.part-size", text), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("worker.part-size = '" + text + "'");
    }

    @Test
    void aBucketBelongsToItsOwnAccountBeforeThatOfAll() {
        Settings.Targets targets = Settings.read(
                        Map.of("s3.bucket-owners", "cats=210987654321,123456789012 , do.gs = 000000000001"), Map.of())
                .targets();

        assertThat(targets.owner("cats")).contains("210987654321");
        assertThat(targets.owner("do.gs")).contains("000000000001");
        assertThat(targets.owner("others")).contains("123456789012");
        assertThat(Settings.read(Map.of("s3.bucket-owners", "cats=210987654321"), Map.of())
                        .targets()
                        .owner("others"))
                .isEmpty();
    }

    @Test
    void theRoleOfABucketIsThatOfTheFirstPatternThatFits() {
        String arn = "arn:aws-us-gov:iam::123456789012:role/logs/a+b=c@d_e.f-g";
        Settings.Targets targets = Settings.read(
                        Map.of("s3.roles", "logs-eu-*=%1$s1, logs-*=%1$s2  we/7 ,cats = %1$s3".formatted(arn)),
                        Map.of())
                .targets();

        assertThat(targets.role("logs-eu-1")).contains(new Settings.Role(arn + "1", Optional.empty()));
        assertThat(targets.role("logs-us-1")).contains(new Settings.Role(arn + "2", Optional.of("we/7")));
        assertThat(targets.role("cats")).contains(new Settings.Role(arn + "3", Optional.empty()));
        assertThat(targets.role("others")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "s3.roles,arn:aws:iam::123456789012:role/logs",
        "s3.roles,cats=role/logs",
        "s3.roles,cats=arn:aws:iam::12345678901:role/logs",
        "s3.roles,cats=arn:aws:iam::123456789012:user/logs",
        "s3.roles,'cats=arn:aws:iam::123456789012:role/a,cats=arn:aws:iam::123456789012:role/b'",
        "s3.roles,cats=arn:aws:iam::123456789012:role/logs x",
        "s3.roles,cats=arn:aws:iam::123456789012:role/logs courier 7",
        "s3.roles,logs-?=arn:aws:iam::123456789012:role/logs",
        "s3.targets,logs-?",
        "s3.targets,'!!cats,*'",
        "s3.bucket-owners,12345678901",
        "s3.bucket-owners,cats",
        "s3.bucket-owners,cats=",
        "s3.bucket-owners,=123456789012",
        "s3.bucket-owners,*=123456789012",
        "s3.bucket-owners,cats=123456789012 dogs=123456789012",
        "s3.bucket-owners,'123456789012,210987654321'",
        "s3.bucket-owners,'cats=123456789012,cats=123456789012'",
        "clickhouse.ca-file,no-such-file.pem",
        "clickhouse.ca-file,pom.xml",
        "s3.ca-file,pom.xml",
        "sqs.ca-file,.",
        "sts.ca-file,pom.xml",
        "delivery.account-id,1234",
        "delivery.forms,*=zip",
        "delivery.forms,logs-?=json",
        "delivery.more-columns,a-b",
        "delivery.more-columns,requester",
        "delivery.more-columns,'hostname,hostname'",
        "s3.acl,public-read",
        "s3.acl,Private",
        "s3.grants,read",
        "s3.grants,write=id:79a5",
        "s3.grants,read=user:79a5",
        "s3.grants,'read=id:79a5,read-acp=79a5'",
        "s3.grants,'read=id:7\"9a5'",
        "s3.encryption,aes256",
        "s3.encryption,none"
    })
    void whatSaysNotHowToWriteIsRefusedByName(String setting, String value) {
        assertThatThrownBy(() -> Settings.read(Map.of(setting, value), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(setting + " = '" + value + "'");
    }

    @Test
    void grantsAreTheHeadersOfS3AndNotBesideACannedAcl() {
        assertThat(Settings.read(
                                Map.of(
                                        "s3.grants",
                                        "read=id:79a5, full-control = emailAddress:a@example.com,read=uri:http://acs.amazonaws.com/groups/s3/LogDelivery"),
                                Map.of())
                        .targets()
                        .grants())
                .containsOnly(
                        Map.entry("read", "id=\"79a5\", uri=\"http://acs.amazonaws.com/groups/s3/LogDelivery\""),
                        Map.entry("full-control", "emailAddress=\"a@example.com\""));
        assertThatThrownBy(() -> Settings.read(Map.of("s3.grants", "read=id:79a5", "s3.acl", "private"), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("s3.acl and s3.grants are both set");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "east=http://a:1 http://b:1 , west.2 = http://c:1",
                " east=http://a:1  http://b:1,west.2=http://c:1,"
            })
    void severalLanesEachHaveTheirReplicasAndAllElseInCommon(String urls) {
        Settings settings = Settings.read(Map.of("clickhouse.url", urls, "clickhouse.user", "courier"), Map.of());

        assertThat(settings.lanes()).extracting(Lane::name).containsExactly("east", "west.2");
        assertThat(settings.lanes().getFirst().endpoint().urls())
                .containsExactly(URI.create("http://a:1"), URI.create("http://b:1"));
        assertThat(settings.each()).extracting(Settings::lane).isEqualTo(settings.lanes());
        assertThat(settings.of("west.2").lane().endpoint()).hasToString("courier@http://c:1");
        assertThat(settings.of("east").lane().ledger()).isEqualTo("courier");
        assertThatThrownBy(() -> settings.of("north"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("there is no lane 'north': clickhouse.url has east, west.2");
        assertThatThrownBy(settings::lane)
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("has east, west.2: name one with --lane");
    }

    @Test
    void aSingleLaneMayHaveReplicasAndANameOfItsOwn() {
        Map<String, String> replicas = Map.of("clickhouse.url", "http://a:1 http://b:1", "lane.name", "cats");

        assertThat(Settings.read(replicas, Map.of()).lane())
                .satisfies(lane -> assertThat(lane.name()).isEqualTo("cats"))
                .satisfies(lane -> assertThat(lane.endpoint()).hasToString("default@http://a:1, http://b:1"));
        assertThat(Settings.read(Map.of("clickhouse.url", "dogs=http://a:1", "lane.name", "cats"), Map.of())
                        .lane()
                        .name())
                .isEqualTo("dogs");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ",",
                "east=",
                "=http://a:1",
                "ea st=http://a:1",
                "http://a:1,http://b:1",
                "east=http://a:1,http://b:1",
                "east=http://a:1,east=http://b:1",
                "east=http://a:1,west=http://a:1",
                "http://a:1 http://a:1",
                "east=http://a:1 west=http://b:1"
            })
    void whatIsNoListOfLanesIsRefused(String urls) {
        assertThatThrownBy(() -> Settings.read(Map.of("clickhouse.url", urls), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("clickhouse.url = '" + urls + "'");
    }

    @ParameterizedTest
    @CsvSource({
        "*,cats,true",
        "'cats,dogs-*',cats,true",
        "'cats,dogs-*',dogs-1,true",
        "'cats,dogs-*',owls,false",
        "'!audit-*,*',audit-1,false",
        "'!audit-*,*',cats,true",
        "'*,!audit-*',audit-1,true",
        "!audit-*,cats,false"
    })
    void theFirstRuleThatFitsSaysWhetherABucketMayGetObjects(String rules, String bucket, boolean allowed) {
        Settings settings = Settings.read(Map.of("s3.targets", rules), Map.of());

        assertThat(settings.targets().allow(bucket)).isEqualTo(allowed);
    }

    @Test
    void partitionedKeysNeedAnAccount() {
        assertThatThrownBy(() -> Settings.read(Map.of("delivery.forms", "*=event-time"), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("delivery.forms")
                .hasMessageContaining("delivery.account-id is needed");
    }

    @Test
    void aColumnCannotHaveTheNameOfAFieldOfItsForm() {
        assertThat(Settings.read(Map.of("delivery.more-columns", "user_agent"), Map.of())
                        .lanes())
                .isNotEmpty();
        assertThatThrownBy(() -> Settings.read(
                        Map.of("delivery.more-columns", "user_agent", "delivery.forms", "a=json,*=json-cloudwatch"),
                        Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("delivery.more-columns names user_agent")
                .hasMessageContaining("json-cloudwatch");
    }

    @Test
    void aKeyStandsForKmsAndContradictsAnotherEncryption() {
        assertThat(Settings.read(Map.of("s3.encryption-key", "alias/logs"), Map.of())
                        .targets()
                        .encryptionAsked())
                .contains("aws:kms");
        assertThat(Settings.read(Map.of("s3.encryption-key", "alias/logs", "s3.encryption", "aws:kms:dsse"), Map.of())
                        .targets()
                        .encryptionAsked())
                .contains("aws:kms:dsse");

        assertThatThrownBy(() ->
                        Settings.read(Map.of("s3.encryption-key", "alias/logs", "s3.encryption", "AES256"), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("s3.encryption-key")
                .hasMessageContaining("s3.encryption = 'AES256'");
    }

    @Test
    void queuesAreAskedForOnlyByWhatNeedsThem() {
        Settings.Queue queue = Settings.read(Map.of(), Map.of()).queue();

        assertThatThrownBy(queue::requiredUrl)
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("--queue-url")
                .hasMessageContaining("LOG_COURIER_QUEUE_URL");
        assertThatThrownBy(queue::requiredDeadLetterUrl).isInstanceOf(ConfigurationException.class);
    }

    /** The environment that names a file with one setting. */
    private static Map<String, String> file(Path folder, String name, String value) throws IOException {
        int dot = name.indexOf('.');
        Path file = Files.writeString(
                folder.resolve(name + ".yaml"),
                "log-courier:%n  %s:%n    %s: '%s'%n"
                        .formatted(name.substring(0, dot), name.substring(dot + 1), value));
        return Map.of(Settings.FILE_VARIABLE, file.toString());
    }

    /** A PEM file with one certificate. */
    private static String authority() {
        try {
            return Path.of(SettingsTest.class.getResource("ca.pem").toURI()).toString();
        } catch (URISyntaxException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    private static Map<String, Object> fields(Settings settings) {
        Map<String, Object> fields = new TreeMap<>();
        collect("", settings, fields);
        return fields;
    }

    private static void collect(String path, Object value, Map<String, Object> fields) {
        if (value instanceof List<?> lanes && !lanes.isEmpty() && lanes.getFirst() instanceof Lane) {
            lanes.forEach(lane -> collect(path + "." + lanes.indexOf(lane), lane, fields));
            return;
        }
        if (!value.getClass().isRecord() || value instanceof Supplier<?>) {
            fields.put(path, value);
            return;
        }
        for (RecordComponent component : value.getClass().getRecordComponents()) {
            try {
                collect(
                        path + "." + component.getName(),
                        component.getAccessor().invoke(value),
                        fields);
            } catch (ReflectiveOperationException e) {
                throw new LinkageError(e.getMessage(), e);
            }
        }
    }
}
