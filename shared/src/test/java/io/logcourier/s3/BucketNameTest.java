package io.logcourier.s3;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BucketNameTest {
    @ParameterizedTest
    @ValueSource(strings = {"access-logs", "abc", "my.bucket.example", "UPPER_case"})
    void aNameThatSomeS3HasIsPossible(String name) {
        assertThat(BucketName.isPossible(name)).isTrue();
        assertThat(BucketName.isPossible("a".repeat(255))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "ab",
                "UPPER_case!!",
                "a bucket",
                "a/bucket",
                "b\u00fccket",
                "arn:aws:s3:::bucket",
                "bucket\n",
                "..",
                "...",
                "_old",
                "old-",
                "s3://bucket"
            })
    void noBucketIsCalledSo(String name) {
        assertThat(BucketName.isPossible(name)).isFalse();
        assertThat(BucketName.isPossible("a".repeat(256))).isFalse();
    }
}
