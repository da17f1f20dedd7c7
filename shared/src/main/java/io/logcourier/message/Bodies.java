package io.logcourier.message;

import com.fasterxml.jackson.annotation.JsonInclude;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** How bodies and payloads are read, written and shown. */
final class Bodies {
    static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT, DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .changeDefaultPropertyInclusion(value -> value.withValueInclusion(JsonInclude.Include.NON_ABSENT))
            .build();

    private static final int SHOWN = 200;

    private Bodies() {}

    /** The beginning of a body that is too long to be repeated in an error. */
    static String shown(String body) {
        if (body.length() <= SHOWN) {
            return body;
        }
        int end = Character.isHighSurrogate(body.charAt(SHOWN - 1)) ? SHOWN - 1 : SHOWN;
        return body.substring(0, end) + "... (" + body.length() + " characters)";
    }
}
