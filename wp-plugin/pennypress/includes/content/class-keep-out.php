<?php
/**
 * "Keep this page out of the chat's answers."
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * The box beside a post in which a person leaves it out: a panel in the block editor, which saves it together with the post, and a
 * meta box in the classic one.
 */
final class Keep_Out {

	/** Its name in the REST API and in the form. */
	const FIELD = 'pennypress_keep_out';
	const NONCE = 'pennypress_keep_out_nonce';

	/**
	 * Lets the block editor read and save it.
	 */
	public static function register_field() {
		register_rest_field(
			Document_Rule::types(),
			self::FIELD,
			array(
				'get_callback'    => static function ( $post ) {
					return self::is_set( (int) $post['id'] );
				},
				'update_callback' => static function ( $value, $post ) {
					if ( ! current_user_can( 'edit_post', $post->ID ) ) {
						return new \WP_Error( 'rest_forbidden', __( 'You may not change this post.', 'pennypress' ), array( 'status' => rest_authorization_required_code() ) );
					}
					self::set( $post->ID, (bool) $value );
					return true;
				},
				'schema'          => array(
					'description' => __( 'Whether the chat keeps this page out of its answers.', 'pennypress' ),
					'type'        => 'boolean',
					'context'     => array( 'edit' ),
				),
			)
		);
	}

	/**
	 * Loads the panel into the block editor of posts.
	 */
	public static function enqueue() {
		$screen = get_current_screen();
		if ( ! $screen || 'post' !== $screen->base || ! self::is_offered( $screen->post_type ) ) {
			return;
		}
		wp_enqueue_script( 'pennypress-keep-out', plugins_url( 'assets/keep-out.js', MAIN_FILE ), array( 'wp-plugins', 'wp-editor', 'wp-edit-post', 'wp-element', 'wp-components', 'wp-data' ), VERSION, true );
		wp_localize_script(
			'pennypress-keep-out',
			'pennypressKeepOut',
			array(
				'field' => self::FIELD,
				'title' => __( 'Chat', 'pennypress' ),
				'label' => self::label(),
				'help'  => self::help(),
			)
		);
	}

	/**
	 * Adds the meta box for the classic editor.
	 *
	 * @param string $type A kind of posts.
	 */
	public static function add_box( $type ) {
		if ( self::is_offered( $type ) ) {
			add_meta_box( 'pennypress-keep-out', __( 'Chat', 'pennypress' ), array( self::class, 'render' ), $type, 'side', 'low', array( '__back_compat_meta_box' => true ) );
		}
	}

	/**
	 * The meta box.
	 *
	 * @param \WP_Post $post The post.
	 */
	public static function render( $post ) {
		wp_nonce_field( self::FIELD, self::NONCE, false );
		?>
		<p><label><input type="checkbox" name="<?php echo esc_attr( self::FIELD ); ?>" value="1" <?php checked( self::is_set( $post->ID ) ); ?>> <?php echo esc_html( self::label() ); ?></label></p>
		<p class="howto"><?php echo esc_html( self::help() ); ?></p>
		<?php
	}

	/**
	 * Saves what the meta box sent.
	 *
	 * @param int $post_id A post's id.
	 */
	public static function save( $post_id ) {
		$nonce = isset( $_POST[ self::NONCE ] ) && is_string( $_POST[ self::NONCE ] ) ? sanitize_text_field( wp_unslash( $_POST[ self::NONCE ] ) ) : '';
		// The form is of one post; others may be saved in the same request.
		$ours = isset( $_POST['post_ID'] ) && (int) $_POST['post_ID'] === (int) $post_id;
		if ( $ours && wp_verify_nonce( $nonce, self::FIELD ) && current_user_can( 'edit_post', $post_id ) ) {
			self::set( $post_id, ! empty( $_POST[ self::FIELD ] ) );
		}
	}

	/**
	 * Whether it is offered for a kind of posts.
	 *
	 * @param string $type A kind of posts.
	 * @return bool
	 */
	private static function is_offered( $type ) {
		return Settings::all()['learn'] && in_array( $type, Document_Rule::types(), true );
	}

	/**
	 * Whether a post is left out in this way.
	 *
	 * @param int $post_id A post's id.
	 * @return bool
	 */
	private static function is_set( $post_id ) {
		return (bool) get_post_meta( $post_id, Document_Rule::KEEP_OUT, true );
	}

	/**
	 * Leaves a post out, or not.
	 *
	 * @param int  $post_id A post's id.
	 * @param bool $out     Whether to.
	 */
	private static function set( $post_id, $out ) {
		if ( $out ) {
			update_post_meta( $post_id, Document_Rule::KEEP_OUT, '1' );
		} else {
			delete_post_meta( $post_id, Document_Rule::KEEP_OUT );
		}
	}

	/**
	 * What the box says.
	 *
	 * @return string
	 */
	private static function label() {
		return __( 'Keep this page out of the chat’s answers', 'pennypress' );
	}

	/**
	 * What it does.
	 *
	 * @return string
	 */
	private static function help() {
		return __( 'The service does not learn it, and forgets it if it has. Visitors can still read the page.', 'pennypress' );
	}
}
