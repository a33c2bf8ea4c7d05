package dev.sluice.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/** What the statuses of HTTP mean here. */
final class Statuses {
    private static final int MAX_ERROR_BODY = 64 << 10;
    private static final String UNSUPPORTED = "UNSUPPORTED";
    private static final Pattern ERROR_CODE = Pattern.compile("[A-Z_]{1,64}");

    private Statuses() {}

    static boolean isRedirect(int status) {
        return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    }

    /** Whether such a redirect keeps the method and the body (RFC 9110, section 15.4). */
    static boolean isRedirectOfWrites(int status) {
        return status == 307 || status == 308;
    }

    /** Whether another try may bring something else. */
    static boolean isTransient(int status) {
        return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
    }

    /**
     * The exception for an answer that is not a good one.
     *
     * @param answered begins the reason, such as "the registry answered"
     */
    static RegistryException failure(Exchange exchange, String answered, Task task, TimeSource time) {
        int status = exchange.status();
        String code = errorCode(exchange);
        String reason = answered + " " + status + (code.isEmpty() ? "" : " (" + code + ")");
        if (isTransient(status)) {
            Optional<Duration> retryAfter =
                    exchange.header("Retry-After").flatMap(value -> Backoff.retryAfter(value, time.now()));
            return task.unavailable(reason, retryAfter);
        }
        if (code.equals(UNSUPPORTED)) {
            return task.unsupported(reason);
        }
        return switch (status) {
            case 401, 403 -> task.unauthorized(reason);
            case 405 -> task.unsupported(reason);
            case 404, 410 -> task.notFound(reason);
            default -> task.protocol(reason);
        };
    }

    /** The code of the first error in the body, as the distribution spec defines it; empty if there is none. Its message is not repeated: it may quote. */
    private static String errorCode(Exchange exchange) {
        boolean json = exchange.contentType().map(type -> type.endsWith("json")).orElse(false);
        if (!json || exchange.contentLength() > MAX_ERROR_BODY) {
            return "";
        }
        try {
            if (exchange.body().request(MAX_ERROR_BODY)) {
                return "";
            }
            Optional<JsonNode> body = Json.object(exchange.body().readByteArray());
            String code = body.map(b -> b.path("errors").path(0).path("code").asText(""))
                    .orElse("");
            return ERROR_CODE.matcher(code).matches() ? code : "";
        } catch (IOException e) {
            // The status alone says enough; that its explanation could not be read must not hide it.
            return "";
        }
    }
}
