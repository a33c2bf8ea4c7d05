package dev.sluice.registry;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * GET of a range of a blob.
 *
 * @param offset in bytes
 * @param length in bytes, at least 1
 * @param maxSkip how many bytes may be thrown away if the registry ignores where the range starts
 * @param total bounds the whole transfer, not only its beginning
 */
record BlobRange(
        ImageReference repository, Descriptor blob, long offset, long length, long maxSkip, Optional<Deadline> total)
        implements ApiRequest<OpenRange> {
    @Override
    public String action() {
        return "read bytes " + offset + "-" + last() + " of blob " + blob.digest();
    }

    private long last() {
        return offset + length - 1;
    }

    @Override
    public String method() {
        return "GET";
    }

    @Override
    public String path() {
        return repository.repository() + "/blobs/" + blob.digest();
    }

    @Override
    public Map<String, String> headers() {
        return Map.of("Range", "bytes=" + offset + "-" + last());
    }

    @Override
    public String scope() {
        return RepositoryScope.pull(repository);
    }

    @Override
    public boolean accepts(int status) {
        return status == 206 || status == 200 || status == 416;
    }

    @Override
    public OpenRange handle(Exchange exchange, Task task) throws IOException {
        if (exchange.header("Content-Encoding")
                .filter(e -> !e.equalsIgnoreCase("identity"))
                .isPresent()) {
            throw task.protocol("the answer is encoded, which was not asked for");
        }
        OpenRange range = switch (exchange.status()) {
            case 206 -> partial(exchange, task);
            case 200 -> whole(exchange, task);
            default ->
                throw task.protocol(
                        "the registry answered 416: it has no such range of a blob of " + blob.size() + " bytes");
        };
        exchange.body().require(1);
        exchange.untilFurther(total.map(Deadline::remaining));
        return range;
    }

    private OpenRange partial(Exchange exchange, Task task) throws RegistryException {
        ContentRange range = exchange.header("Content-Range")
                .flatMap(ContentRange::parse)
                .orElseThrow(() -> task.protocol("the answer is partial but has no sound Content-Range"));
        if (range.first() != offset || range.last() > last()) {
            throw task.protocol("the answer has the bytes " + range.first() + "-" + range.last());
        }
        if (range.size().isPresent() && range.size().getAsLong() != blob.size()) {
            throw task.protocol("the blob has " + range.size().getAsLong() + " bytes, expected " + blob.size());
        }
        if (exchange.contentLength() >= 0 && exchange.contentLength() != range.length()) {
            throw task.protocol("the answer has " + exchange.contentLength() + " bytes, but its Content-Range names "
                    + range.length());
        }
        return new OpenRange(exchange, range.length(), true);
    }

    /** The registry ignores ranges: what comes before is read and thrown away if it is little, what comes after is not read. */
    private OpenRange whole(Exchange exchange, Task task) throws IOException {
        if (exchange.contentLength() >= 0 && exchange.contentLength() != blob.size()) {
            throw task.protocol("the blob has " + exchange.contentLength() + " bytes, expected " + blob.size());
        }
        if (offset > maxSkip) {
            throw task.protocol("the registry ignores ranges, and " + offset + " bytes are too many to skip");
        }
        exchange.body().skip(offset);
        return new OpenRange(exchange, length, offset + length == blob.size());
    }
}
