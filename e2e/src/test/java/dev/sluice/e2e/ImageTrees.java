package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.MountedView;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import dev.sluice.e2e.tree.TreeDigest;
import java.io.IOException;
import java.nio.file.Path;

/** What an image looks like when it is pulled in one way or another. */
final class ImageTrees {

    private ImageTrees() {}

    /** Unpacked by containerd for overlayfs. */
    static TreeDigest unpacked(ContainerdClient client, String reference, Path target) throws IOException {
        client.pull(reference, ContainerdClient.OVERLAYFS);
        return view(client, ContainerdClient.OVERLAYFS, reference, target);
    }

    /** Mounted by Sluice; fails if a layer was fetched as a whole instead. */
    static TreeDigest lazy(SluiceNode node, RegistryProcess registry, String reference, Path target)
            throws IOException {
        AccessLog before = registry.accessLog();
        node.client().pullLazily(reference, SluiceProcess.NAME);
        TreeDigest tree = view(node.client(), SluiceProcess.NAME, reference, target);
        String content = node.client().command("content", "ls", "--quiet").run().stdout();
        AccessLog log = registry.accessLog().since(before);
        assertThat(RemoteManifest.fetch(reference).layers()).isNotEmpty().allSatisfy(layer -> {
            String digest = layer.path("digest").asText();
            assertThat(content).as("containerd's content store").doesNotContain(digest);
            assertThat(log.requests())
                    .filteredOn(request -> request.digest().equals(digest))
                    .as("requests for layer " + digest)
                    .allMatch(request -> request.status() == 206);
        });
        return tree;
    }

    static TreeDigest view(ContainerdClient client, String snapshotter, String reference, Path target)
            throws IOException {
        return view(client, snapshotter, RemoteManifest.fetch(reference), target);
    }

    static TreeDigest view(ContainerdClient client, String snapshotter, RemoteManifest manifest, Path target)
            throws IOException {
        try (MountedView view = client.view(snapshotter, manifest.chainId(), target)) {
            return TreeDigest.of(view.target());
        }
    }
}
