package io.logcourier.accesslog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ledger.Compression;
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
