package io.logcourier.localstack.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What samconfig.toml sets is there, and what must be replaced says so and cannot be deployed. */
class SamConfigTest {
    private static final Pattern OVERRIDE = Pattern.compile("(?m)^ {4}\"(\\w+)=(.*)\",$");
    private static final Pattern ENVIRONMENT = Pattern.compile("(?m)^\\[(\\w+)\\.deploy\\.parameters]$");
    private static final String MARK = "REPLACE";

    private final Template template = Template.read();

    @Test
    void everyParameterIsOneOfTheTemplate() throws IOException {
        assertThat(overrides(file())).isNotEmpty().allSatisfy(override -> assertThat(
                        template.parameter(override.group(1)))
                .as(override.group())
                .isNotNull());
    }

    @Test
    void whatNamesThingsOfAnInstallationIsMarked() throws IOException {
        assertThat(file()).doesNotContainPattern("subnet-[0-9a-f]|sg-[0-9a-f]|\"\\w+=arn:|[0-9]{12}");
        for (String environment : List.of("dev", "prod")) {
            assertThat(overrides(section(environment)))
                    .filteredOn(override ->
                            List.of("ClickHouseUrl", "TargetBuckets").contains(override.group(1)))
                    .hasSize(2)
                    .allSatisfy(override -> assertThat(override.group(2)).isEqualTo(MARK));
        }
    }

    /** The pattern of a parameter is looked at before anything is made. */
    @Test
    void nothingIsDeployedWhileTheAddressIsToBeReplaced() {
        assertThat(MARK)
                .doesNotMatch(template.parameter("ClickHouseUrl")
                        .get("AllowedPattern")
                        .toString());
        assertThat(MARK)
                .doesNotMatch(template.parameter("ClickHousePasswordSecretArn")
                        .get("AllowedPattern")
                        .toString());
    }

    private static String section(String environment) throws IOException {
        String file = file();
        List<MatchResult> sections = ENVIRONMENT.matcher(file).results().toList();
        for (int i = 0; i < sections.size(); i++) {
            if (sections.get(i).group(1).equals(environment)) {
                int end = i + 1 < sections.size() ? sections.get(i + 1).start() : file.length();
                return file.substring(sections.get(i).end(), end);
            }
        }
        throw new AssertionError("no section for " + environment);
    }

    private static List<MatchResult> overrides(String text) {
        return OVERRIDE.matcher(text).results().toList();
    }

    private static String file() throws IOException {
        return Files.readString(Template.REPOSITORY.resolve("samconfig.toml"));
    }
}
