package dev.sluice.containerd;

import dev.sluice.proto.containerd.images.DeleteImageRequest;
import dev.sluice.proto.containerd.images.GetImageRequest;
import dev.sluice.proto.containerd.images.Image;
import dev.sluice.proto.containerd.images.ImagesGrpc;
import dev.sluice.proto.containerd.images.ListImagesRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** containerd's image store: names of manifests and indexes, one view per namespace. Safe for use by many threads. */
public final class ImageStore {
    private final ContainerdClient client;

    ImageStore(ContainerdClient client) {
        this.client = client;
    }

    /**
     * What a name points at.
     *
     * @return empty if the namespace has no such name
     * @throws ContainerdException if containerd does not answer in time or refuses
     */
    public Optional<StoredImage> get(String namespace, String name, Duration timeout) throws ContainerdException {
        GetImageRequest request = GetImageRequest.newBuilder().setName(name).build();
        return client.call(
                "look up image " + name,
                namespace,
                timeout,
                ImagesGrpc::newBlockingStub,
                stub -> convert(stub.get(request).getImage()));
    }

    /**
     * The images for which one of the filters holds.
     *
     * @param filters see {@link Filters}; every image if there is none
     * @throws ContainerdException if containerd does not answer in time or refuses
     */
    public List<StoredImage> list(String namespace, List<String> filters, Duration timeout) throws ContainerdException {
        ListImagesRequest request =
                ListImagesRequest.newBuilder().addAllFilters(filters).build();
        return client.<ImagesGrpc.ImagesBlockingStub, List<StoredImage>>call(
                        "list the images of namespace " + namespace,
                        namespace,
                        timeout,
                        ImagesGrpc::newBlockingStub,
                        stub -> stub.list(request).getImagesList().stream()
                                .map(ImageStore::convert)
                                .toList())
                .orElse(List.of());
    }

    /**
     * Takes a name away; does nothing if the namespace has no such name. What only this name needed goes with containerd's next garbage
     * collection.
     *
     * @throws ContainerdException if containerd does not answer in time or refuses
     */
    public void delete(String namespace, String name, Duration timeout) throws ContainerdException {
        DeleteImageRequest request =
                DeleteImageRequest.newBuilder().setName(name).build();
        var unused = client.call(
                "delete image " + name, namespace, timeout, ImagesGrpc::newBlockingStub, stub -> stub.delete(request));
    }

    private static StoredImage convert(Image image) {
        return new StoredImage(
                image.getName(),
                image.getTarget().getDigest(),
                image.getTarget().getMediaType(),
                Timestamps.toInstant(image.getUpdatedAt()),
                image.getLabelsMap());
    }
}
