package io.logcourier.configuration;

import io.logcourier.ConfigurationException;
import io.logcourier.RetryableException;
import java.util.function.Supplier;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.secretsmanager.model.SecretsManagerException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A password in AWS Secrets Manager: the text of the secret, or its field {@code password} where it is a JSON object, as
 * Secrets Manager itself makes them. Asks anew each time, so that a rotated secret is noticed.
 */
record PasswordSecret(String region, String secret) implements Supplier<String> {
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * The password.
     *
     * @throws ConfigurationException if there is none, or it may not be read
     * @throws RetryableException if Secrets Manager does not answer
     */
    @Override
    public String get() {
        try (SecretsManagerClient secrets =
                SecretsManagerClient.builder().region(Region.of(region)).build()) {
            String text =
                    secrets.getSecretValue(request -> request.secretId(secret)).secretString();
            if (text == null) {
                throw new ConfigurationException(
                        "the secret " + secret + " is binary: text, or JSON with a field password, is needed");
            }
            return password(text);
        } catch (SecretsManagerException e) {
            String message = "cannot read the secret " + secret + ": " + e.getMessage();
            boolean refused = e.statusCode() / 100 == 4 && !e.isThrottlingException();
            throw refused
                    ? new ConfigurationException(message + " (secretsmanager:GetSecretValue is needed)", e)
                    : new RetryableException(message, e);
        } catch (SdkException e) {
            throw new RetryableException("cannot read the secret " + secret + ": " + e.getMessage(), e);
        }
    }

    private String password(String text) {
        if (!text.startsWith("{")) {
            return text;
        }
        JsonNode password;
        try {
            password = JSON.readTree(text).path("password");
        } catch (JacksonException e) {
            // No JSON after all: a password that starts with a brace. The exception would quote it.
            return text;
        }
        if (!password.isString()) {
            throw new ConfigurationException("the secret " + secret + " has no field password that is text");
        }
        return password.stringValue();
    }
}
