package io.logcourier.accesslog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ledger.Compression;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormTest {
    @Test
    void theFirstRuleThatFitsCounts() {
        Form.Rules rules = Form.parse("cats-*-logs = event-time gzip, *-logs=gzip , dogs=delivery-time");

        assertThat(rules.of("cats-1-logs")).isEqualTo(new Form(KeyStyle.EVENT_TIME, Rendering.TEXT, Compression.GZIP));
        assertThat(rules.of("cats--logs")).isEqualTo(new Form(KeyStyle.EVENT_TIME, Rendering.TEXT, Compression.GZIP));
        assertThat(rules.of("cats-logs")).isEqualTo(new Form(KeyStyle.SIMPLE, Rendering.TEXT, Compression.GZIP));
        assertThat(rules.of("dogs")).isEqualTo(new Form(KeyStyle.DELIVERY_TIME, Rendering.TEXT, Compression.NONE));
        assertThat(rules.of("dogs.logs")).isEqualTo(new Form(KeyStyle.SIMPLE, Rendering.TEXT, Compression.NONE));
    }

    @Test
    void theOrderOfWordsDoesNotMatter() {
        assertThat(Form.parse("*=zstd json event-time").of("cats"))
                .isEqualTo(new Form(KeyStyle.EVENT_TIME, Rendering.JSON, Compression.ZSTD));
    }

    @Test
    void whatIsNoStarStandsForItself() {
        assertThat(Form.parse("a.b=gzip").of("axb").compression()).isEqualTo(Compression.NONE);
        assertThat(Form.parse("a.b=gzip").of("a.b").compression()).isEqualTo(Compression.GZIP);
    }

    @Test
    void aStarStandsForALineFeedToo() {
        assertThat(Form.parse("*=gzip").of("a\nb").compression()).isEqualTo(Compression.GZIP);
    }

    @Test
    void aBucketIsInTheRegionOfTheFirstRuleThatFits() {
        Form.Regions regions = Form.Regions.parse("eu-*=eu-west-1, eu-cats=never, us-cats = us-west-2,us-east-1");

        assertThat(regions.of("eu-cats")).isEqualTo("eu-west-1");
        assertThat(regions.of("us-cats")).isEqualTo("us-west-2");
        assertThat(regions.of("us-dogs\n")).isEqualTo("us-east-1");
        assertThat(Form.Regions.parse("*=eu-west-3").of("cats")).isEqualTo("eu-west-3");
        assertThat(Form.Regions.parse("fr.paris_1").of("cats")).isEqualTo("fr.paris_1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "eu-*=eu-west-1 | buckets that no pattern of 'eu-*=eu-west-1' fits have no region",
                "`` | '' is no region",
                "eu-*= | '' is no region",
                "a/b | 'a/b' is no region",
                "=eu-west-1 | a pattern of bucket names is needed"
            })
    void whatIsNoRegionIsNamed(String text, String problem) {
        assertThatThrownBy(() -> Form.Regions.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void everyFormOfTheLineHasAWord() {
        assertThat(Form.parse("*=text-once-quoted event-time").of("cats").rendering())
                .isEqualTo(Rendering.TEXT_ONCE_QUOTED)
                .extracting(Rendering::version)
                .isEqualTo("text-once-quoted-2");
        assertThat(Rendering.TEXT.parameters()).isEqualTo(Map.of("encoded_once", 0, "always_quoted", 0));
        assertThat(Rendering.TEXT_ONCE.parameters()).isEqualTo(Map.of("encoded_once", 1, "always_quoted", 0));
        assertThat(Rendering.TEXT_QUOTED.parameters()).isEqualTo(Map.of("encoded_once", 0, "always_quoted", 1));
    }

    @Test
    void onlyFoldersNeedAnAccount() {
        assertThat(Form.parse("*=gzip").needAccount()).isFalse();
        assertThat(Form.parse("a=simple,*=event-time").needAccount()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "gzip | 'gzip' has no pattern",
                "=gzip | '=gzip' has no pattern",
                "*= | '' is not expected in '*='",
                "*=bzip2 | 'bzip2' is not expected in '*=bzip2': one of simple",
                "*=gzip none | is not expected",
                "*=json text | is not expected",
                "*=parquet zstd | leave out 'zstd' in '*=parquet zstd'",
                "*=zstd-99 | 'zstd-99' is not expected",
                "*=GZIP | 'GZIP' is not expected"
            })
    void whatIsNoRuleIsNamed(String text, String problem) {
        assertThatThrownBy(() -> Form.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(problem);
    }
}
