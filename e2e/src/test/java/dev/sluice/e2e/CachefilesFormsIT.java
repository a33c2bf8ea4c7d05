package dev.sluice.e2e;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.Fscache;
import dev.sluice.e2e.image.FormsImage;
import dev.sluice.e2e.image.ImageForms;
import java.io.IOException;

/** With EROFS over fscache, and forms that were made elsewhere. Needs a kernel that can: {@code e2e/vm test}. */
class CachefilesFormsIT extends FormsTrees {
    CachefilesFormsIT() throws IOException {
        super(forms(), ImageForms.withFrail(), Machine.newestContainerd(), "forms-cachefiles.txt");
    }

    private static FormsBed forms() throws IOException {
        assumeTrue(Fscache.isThere(), "needs a kernel with cachefiles on demand: e2e/vm test --kernel cachefiles");
        return FormsBed.prepared(FormsImage.BUSYBOX);
    }
}
