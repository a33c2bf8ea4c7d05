package dev.sluice.containerd;

import dev.sluice.proto.containerd.content.ContentGrpc;
import dev.sluice.proto.containerd.content.Info;
import dev.sluice.proto.containerd.content.InfoRequest;
import dev.sluice.proto.containerd.content.ListContentRequest;
import dev.sluice.proto.containerd.content.ListContentResponse;
import dev.sluice.proto.containerd.content.ReadContentRequest;
import dev.sluice.proto.containerd.content.ReadContentResponse;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** containerd's content store: blobs by digest, one view per namespace. Safe for use by many threads. */
public final class ContentStore {
    private final ContainerdClient client;

    ContentStore(ContainerdClient client) {
        this.client = client;
    }

    /**
     * What a blob is.
     *
     * @return empty if the namespace has no such blob
     * @throws ContainerdException if containerd does not answer in time or refuses
     */
    public Optional<ContentInfo> info(String namespace, String digest, Duration timeout) throws ContainerdException {
        InfoRequest request = InfoRequest.newBuilder().setDigest(digest).build();
        return client.call(
                "look up content " + digest,
                namespace,
                timeout,
                ContentGrpc::newBlockingStub,
                stub -> convert(stub.info(request).getInfo()));
    }

    /**
     * The blobs for which one of the filters holds.
     *
     * @param filters see {@link Filters}; every blob if there is none
     * @param limit more blobs than that are an error
     * @throws ContainerdException if containerd does not answer in time or refuses, or has more than {@code limit} such blobs
     */
    public List<ContentInfo> list(String namespace, List<String> filters, int limit, Duration timeout)
            throws ContainerdException {
        ListContentRequest request =
                ListContentRequest.newBuilder().addAllFilters(filters).build();
        List<ContentInfo> listed = client.call(
                        "list the content of namespace " + namespace,
                        namespace,
                        timeout,
                        ContentGrpc::newBlockingStub,
                        stub -> collect(stub.list(request), limit))
                .orElse(List.of());
        if (listed.size() > limit) {
            throw new ContainerdException("Tried to list the content of namespace " + namespace
                    + " from containerd but failed because: it has more than " + limit + " such blobs");
        }
        return listed;
    }

    /**
     * Reads a whole blob and verifies it.
     *
     * @param maxBytes a greater blob is an error
     * @return empty if the namespace has no such blob
     * @throws ContainerdException if containerd does not answer in time or refuses, or if the bytes are too many or are not
     *     those of the digest
     */
    public Optional<byte[]> read(String namespace, String digest, int maxBytes, Duration timeout)
            throws ContainerdException {
        String task = "read content " + digest;
        ReadContentRequest request =
                ReadContentRequest.newBuilder().setDigest(digest).build();
        Optional<byte[]> content = client.call(
                task,
                namespace,
                timeout,
                ContentGrpc::newBlockingStub,
                stub -> concatenate(stub.read(request), maxBytes));
        if (content.isPresent()) {
            check(task, digest, maxBytes, content.get());
        }
        return content;
    }

    private static void check(String task, String digest, int maxBytes, byte[] content) throws ContainerdException {
        if (content.length > maxBytes) {
            throw new ContainerdException("Tried to " + task + " from containerd but failed because: it has more than "
                    + maxBytes + " bytes");
        }
        if (!ContentDigest.matches(digest, content)) {
            throw new ContainerdException(
                    "Tried to " + task + " from containerd but failed because: the bytes do not have this digest");
        }
    }

    /** One more than {@code limit} at most. */
    private static List<ContentInfo> collect(Iterator<ListContentResponse> responses, int limit) {
        List<ContentInfo> all = new ArrayList<>();
        while (all.size() <= limit && responses.hasNext()) {
            for (Info info : responses.next().getInfoList()) {
                all.add(convert(info));
            }
        }
        return all;
    }

    /** Little more than {@code maxBytes} at most. */
    private static byte[] concatenate(Iterator<ReadContentResponse> responses, int maxBytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        while (out.size() <= maxBytes && responses.hasNext()) {
            out.writeBytes(responses.next().getData().toByteArray());
        }
        return out.toByteArray();
    }

    private static ContentInfo convert(Info info) {
        return new ContentInfo(
                info.getDigest(),
                info.getSize(),
                Timestamps.toInstant(info.getCreatedAt()),
                Timestamps.toInstant(info.getUpdatedAt()),
                info.getLabelsMap());
    }
}
