package io.logcourier;

import java.util.List;

/** The configuration, or the installation it points at, cannot work as it is. Names all problems at once. */
public final class ConfigurationException extends CourierException {
    private static final long serialVersionUID = 1L;

    /** One problem, with what caused it. */
    public ConfigurationException(String problem, Throwable cause) {
        super(problem, cause);
    }

    /** One problem. */
    public ConfigurationException(String problem) {
        this(problem, null);
    }

    /** All of {@code problems}, one a line. */
    public ConfigurationException(List<String> problems) {
        this(String.join("\n", problems), null);
    }
}
