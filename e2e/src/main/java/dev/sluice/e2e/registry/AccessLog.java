package dev.sluice.e2e.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The GET requests for blobs that a registry has answered, in the order of their ends. Immutable.
 *
 * @param requests one per response
 */
public record AccessLog(List<BlobRequest> requests) {

    private static final Pattern BLOB = Pattern.compile("/v2/(.+)/blobs/(sha256:[0-9a-f]{64})(?:\\?.*)?");

    public AccessLog {
        requests = List.copyOf(requests);
    }

    /** Reads the registry's own log, written by its JSON formatter. */
    static AccessLog read(Path log) throws IOException {
        ObjectMapper json = new ObjectMapper();
        List<BlobRequest> requests = new ArrayList<>();
        for (String line : Files.readAllLines(log)) {
            if (line.contains("\"response completed\"")) {
                request(json.readTree(line)).ifPresent(requests::add);
            }
        }
        return new AccessLog(requests);
    }

    private static Optional<BlobRequest> request(JsonNode line) {
        Matcher uri = BLOB.matcher(line.path("http.request.uri").asText());
        if (!uri.matches() || !line.path("http.request.method").asText().equals("GET")) {
            return Optional.empty();
        }
        return Optional.of(new BlobRequest(
                Instant.parse(line.path("time").asText()),
                uri.group(1),
                uri.group(2),
                line.path("http.response.status").asInt(),
                line.path("http.response.written").asLong()));
    }

    /** What came after an earlier reading of the same log. */
    public AccessLog since(AccessLog earlier) {
        return new AccessLog(requests.subList(earlier.requests.size(), requests.size()));
    }

    /** Response bytes of all blobs. */
    public long bytes() {
        return requests.stream().mapToLong(BlobRequest::bytes).sum();
    }

    /** Response bytes by blob digest. */
    public Map<String, Long> bytesByDigest() {
        Map<String, Long> sums = new TreeMap<>();
        requests.forEach(request -> sums.merge(request.digest(), request.bytes(), Long::sum));
        return sums;
    }

    /** Number of requests by blob digest. */
    public Map<String, Long> requestsByDigest() {
        Map<String, Long> counts = new TreeMap<>();
        requests.forEach(request -> counts.merge(request.digest(), 1L, Long::sum));
        return counts;
    }

    /**
     * One answered GET of a blob.
     *
     * @param time when the response ended
     * @param status 200 for a whole blob, 206 for a range of it
     * @param bytes of the body that were written, less than asked for if the client went away
     */
    public record BlobRequest(Instant time, String repository, String digest, int status, long bytes) {}
}
