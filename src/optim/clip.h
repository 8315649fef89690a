/* Clipping by the global norm, as torch.nn.utils.clip_grad_norm_ does it. */
#ifndef OPTIM_CLIP_H
#define OPTIM_CLIP_H

/* The factor for a gradient of this norm: min(1, max_norm / (norm + 1e-6)); 1 where max_norm is 0.
 */
double clip_scale(double norm, double max_norm);

#endif
