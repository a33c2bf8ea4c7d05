package dev.sluice.daemon.http;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Something that can be asked for by HTTP GET. Called by several threads at once; may block for a short time. */
@FunctionalInterface
public interface Page {
    /** @param accept the request's {@code Accept} header, where there is one */
    Answer get(Optional<String> accept);

    /**
     * What comes of it.
     *
     * @param status of HTTP
     * @param contentType with its charset
     */
    record Answer(int status, String contentType, byte[] body) {
        private static final String TEXT = "text/plain; charset=utf-8";

        public Answer {
            requireNonNull(contentType, "contentType is null");
            requireNonNull(body, "body is null");
        }

        /** Lines for people. */
        public static Answer text(int status, String text) {
            return new Answer(status, TEXT, text.getBytes(StandardCharsets.UTF_8));
        }
    }
}
