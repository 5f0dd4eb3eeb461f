// Attention flow and parallel coordinates of chosen images.

const attentionOf = (i) => (data.attention || []).includes(images.ids[i]);
