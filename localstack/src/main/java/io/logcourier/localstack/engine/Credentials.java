package io.logcourier.localstack.engine;

/**
 * A user of the front. Without others, there is ClickHouse's user {@code default} who has no password.
 *
 * @param user the name
 * @param password in the clear, empty for none
 */
public record Credentials(String user, String password) {
    static final Credentials DEFAULT = new Credentials("default", "");

    @Override
    public String toString() {
        return "Credentials[user=" + user + "]";
    }
}
