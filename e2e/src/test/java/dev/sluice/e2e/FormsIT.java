package dev.sluice.e2e;

import dev.sluice.e2e.image.FormsImage;
import dev.sluice.e2e.image.ImageForms;
import java.io.IOException;

/** With each backend of this machine. */
class FormsIT extends FormsTrees {
    FormsIT() throws IOException {
        super(FormsBed.of(FormsImage.PYTHON), ImageForms.all(), Machine.newestContainerd(), "forms.txt");
    }
}
