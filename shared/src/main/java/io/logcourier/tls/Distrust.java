package io.logcourier.tls;

import io.logcourier.ConfigurationException;
import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * Tells a server whose certificate is refused from one that does not answer: no retry helps there, so it is a
 * {@link ConfigurationException}, and says what to mend.
 */
public final class Distrust {
    /** As many causes as are looked at: a chain may be a ring. */
    private static final int DEPTH = 20;

    private Distrust() {}

    /** Whether a certificate was refused, by what is known of the failure and its causes. */
    public static boolean isIn(Throwable failure) {
        return refusal(failure).isPresent();
    }

    /**
     * What to throw for a failed request: a {@link ConfigurationException} where a certificate was refused, here or by
     * whom the request needed first; else a {@link RetryableException}.
     *
     * @param what cannot be done, such as {@code cannot write cats/key}
     * @param setting that names the PEM file of the authority
     */
    public static CourierException failure(String what, Throwable failure, String setting) {
        return causes(failure).stream()
                .filter(ConfigurationException.class::isInstance)
                .findFirst()
                .or(() -> refusal(failure))
                .<CourierException>map(cause -> new ConfigurationException(
                        what + ": "
                                + (cause instanceof ConfigurationException known
                                        ? known.getMessage()
                                        : explain(cause, setting)),
                        failure))
                .orElseGet(() -> new RetryableException(what + ": " + failure.getMessage(), failure));
    }

    /** What to mend, where a certificate was refused; {@code setting} names the PEM file of the authority. */
    public static Optional<String> advice(Throwable failure, String setting) {
        return refusal(failure).map(cause -> explain(cause, setting));
    }

    private static String explain(Throwable cause, String setting) {
        String advice = isPast(cause)
                ? "renew the certificate, or set the clock of this machine"
                : isName(cause)
                        ? "use an address with a host that the certificate is made out for"
                        : "have %s name a PEM file with the authority that vouches for it".formatted(setting);
        return "the certificate of the server is refused: %s: %s".formatted(cause.getMessage(), advice);
    }

    private static boolean isPast(Throwable cause) {
        return causes(cause).stream()
                .anyMatch(deeper -> deeper instanceof CertificateExpiredException
                        || deeper instanceof CertificateNotYetValidException);
    }

    /** The JDK has one type for wrong names and for much else. */
    private static boolean isName(Throwable cause) {
        return cause instanceof SSLPeerUnverifiedException
                || Stream.of("No name matching", "No subject alternative")
                        .anyMatch(start -> String.valueOf(cause.getMessage()).startsWith(start));
    }

    private static Optional<Throwable> refusal(Throwable failure) {
        return causes(failure).stream()
                .filter(cause -> cause instanceof CertificateException
                        || cause instanceof CertPathValidatorException
                        || cause instanceof CertPathBuilderException
                        || cause instanceof SSLPeerUnverifiedException)
                .findFirst();
    }

    private static List<Throwable> causes(Throwable failure) {
        return Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
                .limit(DEPTH)
                .toList();
    }
}
