package io.logcourier.localstack.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Who is woken by an alarm finds what to do. */
class RunbookTest {
    private static final Pattern SECTION = Pattern.compile("(?m)^## (\\w+)$");

    /** What CloudWatch takes as a description (PutMetricAlarm). */
    private static final int LONGEST_DESCRIPTION = 1024;

    private final Template template = Template.read();

    @Test
    void everyAlarmHasASectionAndNothingElseHas() throws IOException {
        List<String> sections = SECTION.matcher(runbook())
                .results()
                .map(section -> section.group(1))
                .toList();

        assertThat(sections)
                .containsExactlyInAnyOrderElementsOf(template.resources("AWS::CloudWatch::Alarm")
                        .map(Template.Resource::name)
                        .toList());
    }

    @Test
    void everyAlarmNamesItsSection() {
        assertThat(template.resources("AWS::CloudWatch::Alarm"))
                .allSatisfy(alarm -> assertThat(alarm.text("AlarmDescription"))
                        .endsWith(" In docs/runbook.md, " + alarm.name() + " says what to do.")
                        .hasSizeLessThan(LONGEST_DESCRIPTION));
    }

    @Test
    void everyLinkWithinTheDocumentationLeadsSomewhere() throws IOException {
        for (String page : List.of("runbook.md", "install-aws.md", "install-on-premises.md")) {
            String text = Files.readString(Template.REPOSITORY.resolve("docs").resolve(page));
            for (MatchResult link : Pattern.compile("\\]\\(([^)#:]*)(#[^)]*)?\\)")
                    .matcher(text)
                    .results()
                    .toList()) {
                var file = link.group(1).isEmpty()
                        ? Template.REPOSITORY.resolve("docs").resolve(page)
                        : Template.REPOSITORY.resolve("docs").resolve(link.group(1));
                assertThat(file).as("%s: %s", page, link.group()).exists();
                if (link.group(2) != null) {
                    assertThat(anchors(Files.readString(file)))
                            .as("%s: %s", page, link.group())
                            .contains(link.group(2));
                }
            }
        }
    }

    /** As GitHub makes them of headings. */
    private static List<String> anchors(String page) {
        return Pattern.compile("(?m)^#+ (.*)$")
                .matcher(page)
                .results()
                .map(heading -> "#"
                        + heading.group(1)
                                .toLowerCase(Locale.ROOT)
                                .replaceAll("[^\\w\\- ]", "")
                                .replace(' ', '-'))
                .toList();
    }

    private static String runbook() throws IOException {
        return Files.readString(Template.REPOSITORY.resolve("docs/runbook.md"));
    }
}
